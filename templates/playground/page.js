// The playground's page: swaps in what changed without losing scroll, focus or typed text, and sends what people do.
"use strict";
(() => {
  const app = document.getElementById("app");
  const toasts = document.getElementById("toasts");

  // ---- Times in the reader's own zone ------------------------------------------------------------------------------
  const fmt = (options) => new Intl.DateTimeFormat(undefined, options);
  const formats = {
    time: fmt({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    time_secs: fmt({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
    date: fmt({ year: "numeric", month: "long", day: "numeric" }),
    date_short: fmt({ year: "numeric", month: "short", day: "numeric" }),
    date_long: fmt({ year: "numeric", month: "long", day: "numeric", weekday: "long" }),
    date_slash: fmt({ year: "numeric", month: "2-digit", day: "2-digit" }),
    day_divider: fmt({ weekday: "long", day: "numeric", month: "long" }),
  };
  function written(token, at) {
    if (token === "date_num") {
      const two = (n) => String(n).padStart(2, "0");
      return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    }
    if (token === "ago") {
      const minutes = Math.round((Date.now() - at) / 60000);
      return minutes < 1 ? "just now" : minutes < 60 ? `${minutes} min ago` : minutes < 2880 ? `${Math.round(minutes / 60)} h ago` : `${Math.round(minutes / 1440)} d ago`;
    }
    const plain = token.replace(/_pretty$/, "");
    if (plain !== token) {
      const days = Math.round((new Date(new Date().toDateString()) - new Date(at.toDateString())) / 86400000);
      const near = { 0: "Today", 1: "Yesterday", "-1": "Tomorrow" }[days];
      if (near) return near;
    }
    return formats[plain] ? formats[plain].format(at) : `{${token}}`;
  }
  function localTimes(root) {
    for (const el of root.querySelectorAll("time[data-unix]")) {
      const at = new Date(Number(el.dataset.unix) * 1000);
      el.textContent = el.dataset.pattern.replace(/\{(\w+)\}/g, (_, token) => written(token, at));
      el.title = at.toLocaleString();
    }
    for (const el of root.querySelectorAll("input[data-at]")) {
      if (el.dataset.at && !el.value) {
        const at = new Date(Number(el.dataset.at) * 1000);
        el.value = new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
      }
    }
  }

  // ---- Swapping: the old tree is changed into the new one, element by element --------------------------------------
  const keyOf = (node) => (node.nodeType === 1 ? node.getAttribute("data-key") || node.id : "");
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

  function morph(old, next) {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
      return;
    }
    attributes(old, next);
    if (old.nodeName === "TEXTAREA" || old.dataset.dirty) {
      if (!old.dataset.dirty && old.value !== next.value) old.value = next.value;
      return;
    }
    children(old, next);
  }
  function attributes(old, next) {
    const keepOpen = old.hasAttribute("data-keep-open");
    for (const { name } of [...old.attributes]) {
      if (next.hasAttribute(name) || name === "data-dirty" || name === "style" || (name === "open" && keepOpen)) continue;
      old.removeAttribute(name);
    }
    for (const { name, value } of next.attributes) {
      if (name === "open" && keepOpen) continue;
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    if (old.nodeName === "INPUT" && !old.dataset.dirty) {
      old.checked = next.checked;
      if (old.value !== next.value && old.type !== "file") old.value = next.value;
    }
    if (old.nodeName === "OPTION" && !old.closest("[data-dirty]")) old.selected = next.selected;
  }
  function children(old, next) {
    const keyed = new Map();
    for (const child of old.children) if (keyOf(child)) keyed.set(keyOf(child), child);
    let at = old.firstChild;
    for (const wanted of [...next.childNodes]) {
      const key = keyOf(wanted);
      const known = key && keyed.get(key);
      if (known && known.nodeName === wanted.nodeName) {
        if (known === at) at = at.nextSibling;
        else old.insertBefore(known, at);
        morph(known, wanted);
      } else if (at && !key && !keyOf(at) && alike(at, wanted)) {
        const here = at;
        at = at.nextSibling;
        morph(here, wanted);
      } else {
        old.insertBefore(wanted, at);
      }
    }
    while (at) {
      const rest = at.nextSibling;
      at.remove();
      at = rest;
    }
  }

  // A list that stands at its foot stays there when it grows or its frame changes; only a person's scroll takes it away.
  const atFoot = new Map();
  const sizes = new Map();
  const sizeOf = (el) => `${el.scrollHeight} ${el.clientHeight}`;
  function rememberScroll() {
    for (const el of app.querySelectorAll("[data-stick]")) {
      const key = el.dataset.scroll;
      const resized = sizes.has(key) && sizes.get(key) !== sizeOf(el);
      if (resized && atFoot.get(key)) el.scrollTop = el.scrollHeight;
      else atFoot.set(key, el.scrollHeight - el.scrollTop - el.clientHeight < 60);
      sizes.set(key, sizeOf(el));
    }
  }
  function restoreScroll() {
    for (const el of app.querySelectorAll("[data-stick]")) {
      const key = el.dataset.scroll;
      if (atFoot.get(key) !== false) {
        el.scrollTop = el.scrollHeight;
        atFoot.set(key, true);
      }
      sizes.set(key, sizeOf(el));
    }
  }
  function show(html) {
    const next = document.createElement("div");
    next.innerHTML = html; // made by our own server, which escapes everything from outside
    localTimes(next);
    const before = app.querySelector("[data-modal]")?.dataset.view;
    rememberScroll();
    children(app, next);
    restoreScroll();
    focusModal(before);
    document.title = titleNow();
  }
  function titleNow() {
    const shell = app.querySelector(".shell");
    const place = app.querySelector(".middle h1")?.textContent.trim() || "Interlock";
    const who = app.querySelector(".person.on b")?.textContent || shell?.dataset.as || "";
    return `${place} · ${who} · Interlock playground`;
  }
  function focusModal(before) {
    const modal = app.querySelector("[data-modal]");
    if (!modal || modal.dataset.view === before) return;
    const first = modal.querySelector("[data-focus]") || modal.querySelector(".modal-body input, .modal-body textarea, .modal-body select");
    (first || modal.querySelector("[data-submit]") || modal.querySelector("[data-close]"))?.focus();
  }

  // ---- Getting what changed -----------------------------------------------------------------------------------------
  let asked = 0;
  let running = false;
  async function refresh() {
    asked += 1;
    if (running) return;
    running = true;
    try {
      for (let done = 0; done !== asked; ) {
        done = asked;
        const answer = await fetch("/fragment" + location.search);
        if (answer.ok) show(await answer.text());
        else toast(await answer.text());
      }
    } catch {
      offline(true);
    } finally {
      running = false;
    }
  }
  function offline(is) {
    document.querySelector(".offline")?.remove();
    if (!is) return;
    const bar = document.createElement("div");
    bar.className = "offline";
    bar.textContent = "The playground does not answer. Trying again…";
    document.body.append(bar);
  }
  function listen() {
    const stream = new EventSource("/api/changes");
    stream.addEventListener("changed", () => { offline(false); refresh(); });
    stream.onerror = () => offline(true);
  }
  function go(href) {
    history.pushState(null, "", href);
    return arrive();
  }
  // Whoever comes to the home tab opens it, so that the app fills it for them.
  let home = "";
  function arrive() {
    const query = new URLSearchParams(location.search);
    const who = query.get("home") ? query.get("as") || me() : "";
    const opened = who && who !== home;
    home = who;
    return opened ? send("POST", "/api/home", { as: who }) : refresh();
  }
  window.addEventListener("popstate", arrive);

  // ---- Sending what people do ---------------------------------------------------------------------------------------
  const me = () => app.querySelector(".shell").dataset.as;
  function toast(text) {
    const box = document.createElement("div");
    box.className = "toast";
    box.textContent = text;
    toasts.append(box);
    setTimeout(() => box.remove(), 7000);
  }
  async function send(method, path, body) {
    try {
      const answer = await fetch(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) });
      const said = await answer.json().catch(() => ({ ok: false, error: `the playground answered ${answer.status}` }));
      if (said.ok === false) toast(said.error || `the app answered ${said.status}`);
      return said.ok !== false;
    } catch {
      offline(true);
      return false;
    } finally {
      refresh();
    }
  }

  // What a control holds: {kind, value}, or nothing when it is empty.
  function held(el) {
    const kind = el.dataset.kind;
    if (kind === "button") return { kind };
    if (el.dataset.value !== undefined) return { kind, value: el.dataset.value };
    if (el.matches(".checks")) {
      const on = [...el.querySelectorAll("input:checked")].map((box) => box.value);
      if (kind === "option") return on.length ? { kind, value: on[0] } : null;
      return { kind, value: on };
    }
    if (!el.value) return null;
    if (kind === "date_time") return { kind, value: Math.round(new Date(el.value).getTime() / 1000) };
    return { kind, value: el.value };
  }
  function targetOf(el) {
    const host = el.closest("[data-host]").dataset;
    return host.host === "message" ? { in: "message", channel: host.channel, ts: host.ts } : { in: host.host };
  }
  async function act(el) {
    if (el.dataset.confirm && !(await sure(el))) return;
    const input = held(el);
    if (!input) return;
    el.classList.add("busy");
    el.closest("details.overflow")?.removeAttribute("open");
    await send("POST", "/api/click", { as: me(), target: targetOf(el), block_id: el.dataset.block, action_id: el.dataset.act, input });
    el.classList.remove("busy");
  }
  function sure(el) {
    const dialog = el.closest(".ctl").querySelector("dialog.confirm");
    if (!dialog) return Promise.resolve(true);
    return new Promise((resolve) => {
      const choose = (event) => {
        const answer = event.target.closest("[data-go]") ? true : event.target.closest("[data-deny]") || event.target === dialog ? false : null;
        if (answer !== null) dialog.close(answer ? "go" : "");
      };
      dialog.returnValue = "";
      dialog.addEventListener("click", choose);
      dialog.addEventListener("close", () => { dialog.removeEventListener("click", choose); resolve(dialog.returnValue === "go"); }, { once: true });
      dialog.showModal();
    });
  }
  function submit(modal) {
    const values = {};
    let missing = false;
    for (const block of modal.querySelectorAll("[data-input-block]")) {
      const el = block.querySelector("[data-act]");
      const input = el && held(el);
      const empty = !input || (Array.isArray(input.value) && !input.value.length);
      const wrong = empty && block.dataset.required === "true" ? "Please complete this required field." : el?.validationMessage;
      block.querySelector(".error.local")?.remove();
      block.classList.toggle("invalid", Boolean(wrong));
      if (wrong) {
        const note = document.createElement("p");
        note.className = "error local";
        note.setAttribute("role", "alert");
        note.textContent = wrong;
        block.append(note);
        if (!missing) el?.focus();
        missing = true;
      }
    }
    for (const el of modal.querySelectorAll("[data-act]")) {
      const input = el.dataset.kind !== "button" && el.dataset.value === undefined && held(el);
      if (input) (values[el.dataset.block] ??= {})[el.dataset.act] = input;
    }
    if (missing) return;
    const button = modal.querySelector("[data-submit]");
    button.disabled = true;
    send("POST", "/api/modal/submit", { as: me(), values }).then(() => { button.disabled = false; });
  }
  const closeModal = () => send("POST", "/api/modal/close", { as: me() });

  document.addEventListener("click", (event) => {
    const el = event.target.closest("a[data-nav], button, a[data-act]");
    for (const menu of document.querySelectorAll("details.overflow[open], details.multi[open]")) {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    }
    if (event.target.matches(".modal-back")) return closeModal();
    if (!el) return;
    if (el.matches("a[data-nav]")) {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      go(el.getAttribute("href"));
    } else if (el.dataset.act !== undefined) {
      act(el);
    } else if (el.dataset.post) {
      el.classList.add("busy");
      send("POST", el.dataset.post, JSON.parse(el.dataset.body || "{}")).then(() => el.classList.remove("busy"));
    } else if (el.dataset.submit) {
      submit(el.closest("[data-modal]"));
    } else if (el.dataset.close) {
      closeModal();
    }
  });

  document.addEventListener("toggle", (event) => {
    const menu = event.target.open && event.target.querySelector?.(":scope > .menu");
    if (!menu) return;
    menu.classList.remove("flip", "up");
    const box = menu.getBoundingClientRect();
    const frame = (menu.closest(".scroll, .modal-body") || document.body).getBoundingClientRect();
    if (box.right > Math.min(frame.right, innerWidth) - 6) menu.classList.add("flip");
    if (box.bottom > Math.min(frame.bottom, innerHeight) - 6) menu.classList.add("up");
  }, true);

  document.addEventListener("input", (event) => {
    const el = event.target;
    if (el.matches("select, input, textarea") && !el.dataset.fault) el.dataset.dirty = "1";
    if (el.matches(".composer textarea")) grow(el);
    const multi = el.closest("details.multi");
    if (multi) {
      const names = [...multi.querySelectorAll("input:checked")].map((box) => box.nextElementSibling.firstChild.textContent);
      multi.querySelector("summary").textContent = names.join(", ") || "Choose…";
    }
  });
  document.addEventListener("change", (event) => {
    const fault = event.target.dataset.fault;
    if (fault) return void send(event.target.checked ? "PUT" : "DELETE", fault, JSON.parse(event.target.dataset.body));
    const el = event.target.closest("[data-act][data-live]");
    if (el && el.dataset.kind !== "button" && el.dataset.kind !== "text") act(el);
  });

  // ---- Writing --------------------------------------------------------------------------------------------------------
  function grow(area) {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 150)}px`;
  }
  async function write(form) {
    const area = form.elements.text;
    const text = area.value.trim();
    if (!text) return;
    const { channel, thread } = form.dataset;
    const body = { as: me(), channel, text };
    if (thread) body.thread = thread;
    area.value = "";
    delete area.dataset.dirty;
    grow(area);
    const scroll = form.parentElement.querySelector("[data-stick]");
    if (scroll) scroll.scrollTop = scroll.scrollHeight;
    if (!(await send("POST", text.startsWith("/") ? "/api/slash" : "/api/say", body)) && !area.value) {
      area.value = text;
      area.dataset.dirty = "1";
    }
  }
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.target.matches(".composer")) write(event.target);
  });
  document.addEventListener("keydown", (event) => {
    const el = event.target;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && el.matches(".composer textarea")) {
      event.preventDefault();
      write(el.form);
    } else if (event.key === "Enter" && el.matches("[data-kind=text][data-live]")) {
      event.preventDefault();
      act(el);
    } else if (event.key === "Enter" && el.matches(".modal input.field-in")) {
      event.preventDefault();
      submit(el.closest("[data-modal]"));
    } else if (event.key === "Escape") {
      const menu = el.closest?.("details.overflow[open], details.multi[open]");
      if (menu) { menu.removeAttribute("open"); menu.querySelector("summary").focus(); }
      else if (app.querySelector("[data-modal]") && !document.querySelector("dialog[open]")) closeModal();
    } else if (event.key === "Tab") {
      trap(event);
    }
  });
  // The keyboard stays inside an open modal.
  function trap(event) {
    const modal = app.querySelector("[data-modal]");
    if (!modal || document.querySelector("dialog[open]")) return;
    const stops = [...modal.querySelectorAll("button, a[href], input, select, textarea, summary")].filter((s) => s.offsetParent && !s.disabled);
    const [first, last] = [stops[0], stops[stops.length - 1]];
    if (!modal.contains(document.activeElement)) { event.preventDefault(); first?.focus(); }
    else if (event.shiftKey && document.activeElement === first) { event.preventDefault(); last.focus(); }
    else if (!event.shiftKey && document.activeElement === last) { event.preventDefault(); first.focus(); }
  }

  localTimes(app);
  restoreScroll();
  focusModal();
  // Letters and pictures that arrive late make the page longer.
  document.fonts?.ready.then(restoreScroll);
  app.addEventListener("load", () => { restoreScroll(); }, true);
  app.addEventListener("scroll", rememberScroll, true);
  window.addEventListener("resize", restoreScroll);
  if (new URLSearchParams(location.search).get("home")) arrive();
  listen();
})();
