//! What is fuzzed: one function for each family of parsers that read foreign bytes, with what must hold whatever they read.
//! `cargo fuzz` drives them; `tests/fuzz.rs` drives the same functions without it.

mod drawn;

use std::sync::OnceLock;
use std::time::Instant;

use http::HeaderMap;
use interlock::actions::redact::Redactor;
use interlock::app;
use interlock::config::{ChangeSource, Settings, SourceKind};
use interlock::domain::action::{Action, Defaults, Filter, display_argv, is_deceptive, read_argv};
use interlock::domain::runbook::Runbook;
use interlock::ingress::{Sample, understand, understand_changes};
use interlock::slack::inbound::{Inbound, Kind, Payload, Transport, Verifier, decode};
use interlock::store::{Checkpoint, ExportLine, Follower, PublicKey, Signer, Wanted};

/// Planted where it must not come out.
const SECRET: &str = "xoxb-4711-0815-canaryCANARYcanary";

/// The first byte chooses events, interactions or commands; the rest is the body of a request.
pub fn slack_http(data: &[u8]) {
    let Some((first, body)) = data.split_first() else {
        return;
    };
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    let verifier = VERIFIER.get_or_init(|| {
        let mut settings = interlock::slack::Settings::new("https://slack.com/api", "xoxb-1-1-fuzz");
        settings.signing_secret = Some("a signing secret".to_owned());
        Verifier::new(&settings).expect("a secret is set")
    });
    let mut headers = HeaderMap::new();
    for (name, from) in [
        ("x-slack-signature", 0),
        ("x-slack-request-timestamp", body.len() / 2),
    ] {
        if let Ok(value) = http::HeaderValue::from_bytes(&body[from..]) {
            headers.insert(name, value);
        }
    }
    assert!(
        verifier.check(&headers, body).is_err(),
        "a forged signature is good"
    );
    let Ok(text) = std::str::from_utf8(body) else {
        return;
    };
    let (kind, payload) = match first % 3 {
        0 => (Kind::Event, Payload::Json(text)),
        1 => (Kind::Interaction, Payload::Form(text)),
        _ => (Kind::Command, Payload::Form(text)),
    };
    deliver(kind, Transport::Http, payload);
}

/// The first byte chooses events, interactions or commands; the rest is the payload of an envelope.
pub fn slack_socket(data: &[u8]) {
    let Some((first, body)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(body) else {
        return;
    };
    let kind = [Kind::Event, Kind::Interaction, Kind::Command][usize::from(first % 3)];
    deliver(kind, Transport::Socket, Payload::Json(text));
}

fn deliver(kind: Kind, transport: Transport, payload: Payload<'_>) {
    let inbound = Inbound {
        kind,
        transport,
        retry: None,
        payload,
        received_at: Instant::now(),
    };
    let once = decode(&inbound);
    assert_eq!(
        once.is_some(),
        decode(&inbound).is_some(),
        "the same bytes are read in two ways"
    );
}

/// The first byte chooses the source of alerts, and behind those the sender of changes; the rest is the body.
pub fn webhook(data: &[u8]) {
    let Some((first, body)) = data.split_first() else {
        return;
    };
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    let settings = SETTINGS.get_or_init(Settings::default);
    let which = usize::from(*first) % (SourceKind::ALL.len() + ChangeSource::ALL.len());
    let sample = Sample {
        headers: HeaderMap::new(),
        query: None,
        body: body.to_vec(),
    };
    let now = jiff::Timestamp::UNIX_EPOCH;
    let Some(source) = SourceKind::ALL.get(which) else {
        let sender = ChangeSource::ALL[which - SourceKind::ALL.len()];
        let _ = understand_changes(sender.name(), &sample, settings, now);
        return;
    };
    let Ok((read, _)) = understand(source.name(), &sample, settings, now) else {
        return;
    };
    for alert in &read.alerts {
        assert!(
            alert.title.len() <= 16 * 1024,
            "a title is not cut: {}",
            alert.title.len()
        );
        assert!(
            alert.labels.len() <= 1024,
            "labels are not bounded: {}",
            alert.labels.len()
        );
    }
}

/// The first byte chooses what an auditor is handed: lines of an export, or what somebody kept of checkpoints.
pub fn audit(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    if first % 2 == 0 {
        let mut follower = Follower::new(Wanted::default());
        for line in text.lines() {
            let Ok(line) = serde_json::from_str::<ExportLine>(line) else {
                return;
            };
            let written = serde_json::to_string(&line).expect("it was read");
            let again: ExportLine = serde_json::from_str(&written).expect("what was written is read");
            assert_eq!(line, again, "a line is read in two ways");
            follower.take(&line);
        }
        let _ = follower.end();
        return;
    }
    static KEY: OnceLock<PublicKey> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let secret = Signer::generate("interlock.example/fuzz").expect("there is randomness");
        Signer::parse(&secret).expect("it was just made").public()
    });
    let copied = Checkpoint::lines_in(text);
    for note in copied.iter().map(String::as_str).chain([text]) {
        let opened = Checkpoint::open_by_any(note, std::slice::from_ref(key));
        assert!(opened.is_err(), "a forged checkpoint is good");
    }
}

/// The bytes of a file in the folder of runbooks.
pub fn runbook(data: &[u8]) {
    let parsed = Runbook::parse_bytes("fuzzed.md", data, &app::check);
    let has_error = parsed
        .diagnostics
        .iter()
        .any(interlock::domain::runbook::Diagnostic::is_error);
    assert_eq!(
        parsed.runbook.is_none(),
        has_error,
        "refused without a reason, or taken with one"
    );
}

/// A command line as somebody writes it into a runbook. What is understood is shown so that it reads back as the same.
pub fn command_line(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(argv) = read_argv(text) else { return };
    // Filters have their own readers.
    let _ = Filter::parse(&argv);
    let defaults = Defaults {
        default_cluster: "main".into(),
    };
    let Ok(action) = Action::parse(&argv, &defaults) else {
        return;
    };
    let shown = action.command_line();
    let again = read_argv(&shown).unwrap_or_else(|why| panic!("`{shown}` does not read back: {why}"));
    let again = Action::parse(&again, &defaults)
        .unwrap_or_else(|why| panic!("`{shown}` is refused: {}", why.message));
    assert_eq!(again, action, "what is shown is not what runs: `{shown}`");
}

/// A configuration file. Keys that name other files are left out: what those hold is not the fuzzer's.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if text.contains("_file") || text.contains("path") || text.contains("/dev") {
        return;
    }
    let file = std::env::temp_dir().join(format!("interlock-fuzz-{}.toml", std::process::id()));
    if std::fs::write(&file, text).is_ok() {
        let read = Settings::load(Some(&file), std::iter::empty());
        if let Err(error) = read {
            assert!(!error.to_string().contains(SECRET), "an error repeats a secret");
        }
    }
    // Another run takes the same name; a file that is left over is small.
    let _ = std::fs::remove_file(&file);
}

/// Steps, apart by a word `;`, each an argv, its words apart by NUL: what a card shows of each reads back to what runs, with nothing
/// in it that deceives the eye, or the card approves nothing.
pub fn card(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let words: Vec<String> = text.split('\0').map(str::to_owned).collect();
    let steps = words.split(|word| word == ";").filter(|step| !step.is_empty());
    let argvs: Vec<Vec<String>> = steps.take(40).map(<[String]>::to_vec).collect();
    if argvs.is_empty() {
        return;
    }
    for words in &argvs {
        let shown = display_argv(words);
        assert!(!shown.chars().any(is_deceptive), "{shown:?} deceives");
        assert_eq!(read_argv(&shown).as_deref(), Ok(words.as_slice()), "{shown:?}");
    }
    let (actions, card) = drawn::card(&argvs);
    // Beside its argv each command says where it runs; a character is shown as ten at most.
    let small = data.len() * 10 + argvs.len() * 100 < 2_800 && argvs.len() <= 8;
    assert!(
        card.approves || !small,
        "what has room on a card is approved from it"
    );
    if !card.approves {
        assert_eq!(
            card.code,
            Vec::<String>::new(),
            "something of it is shown, and not all"
        );
        return;
    }
    let argvs: Vec<_> = actions.iter().map(Action::canonical_argv).collect();
    let read: Result<Vec<_>, _> = card.code.iter().map(|shown| read_argv(shown)).collect();
    assert_eq!(read.as_ref(), Ok(&argvs), "{:?}", card.code);
    assert!(
        !card.code.iter().any(|shown| shown.chars().any(is_deceptive)),
        "{:?} deceives",
        card.code
    );
}

/// A text with a secret of ours in the middle, where the first byte says.
pub fn redaction(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    static REDACTOR: OnceLock<Redactor> = OnceLock::new();
    let redactor = REDACTOR.get_or_init(|| Redactor::new([SECRET]).expect("rules"));
    let text = String::from_utf8_lossy(rest);
    let mut at = text.len() * usize::from(*first) / 256;
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    redactor.see(&text);
    let planted = format!("{}{SECRET}{}", &text[..at], &text[at..]);
    let clean = redactor.clean(&planted);
    assert!(!clean.contains(SECRET), "a secret came through: {clean:?}");
}
