//! When curl and wget inside a pod only look: a GET or HEAD to the pod itself, written to standard output. Every word
//! must be known; the first that isn't makes it unknown.

/// Flags of curl that take nothing and neither write nor send anything.
const CURL_PLAIN: &[&str] = &[
    "--silent",
    "--show-error",
    "--fail",
    "--head",
    "--include",
    "--verbose",
    "--insecure",
    "--compressed",
    "--ipv4",
    "--ipv6",
    "--no-progress-meter",
    "--http1.1",
    "--fail-with-body",
];
/// The same as single letters, which may be written together: `-sSf`.
const CURL_LETTERS: &str = "sSfIivk46";
/// Flags of curl with a number that says how long.
const CURL_TIMES: &[&str] = &["-m", "--max-time", "--connect-timeout", "--retry"];

/// `curl -s localhost:8080/health`
pub(crate) fn curl_looks(rest: &[String]) -> bool {
    let mut urls = 0_usize;
    let mut words = rest.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let known = match word {
            "-X" | "--request" => matches!(words.next(), Some("GET" | "HEAD")),
            "-XGET" | "-XHEAD" => true,
            "-H" | "--header" => words.next().is_some_and(harmless_header),
            flag if CURL_TIMES.contains(&flag) => words.next().is_some_and(is_number),
            flag if CURL_PLAIN.contains(&flag) => true,
            flag if flag.len() > 1 && flag.starts_with('-') && !flag.starts_with("--") => {
                flag.chars().skip(1).all(|letter| CURL_LETTERS.contains(letter))
            }
            flag if flag.starts_with('-') => false,
            url => {
                urls = urls.saturating_add(1);
                is_own_pod(url)
            }
        };
        if !known {
            return false;
        }
    }
    urls == 1
}

/// `wget -qO- http://localhost:8080/health`
pub(crate) fn wget_looks(rest: &[String]) -> bool {
    let mut to_stdout = false;
    let mut urls = 0_usize;
    let mut words = rest.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let known = match word {
            "-q" | "--quiet" | "-S" | "--spider" => true,
            "-O-" | "-qO-" | "--output-document=-" => {
                to_stdout = true;
                true
            }
            "-O" | "-qO" | "--output-document" => {
                to_stdout = words.next() == Some("-");
                to_stdout
            }
            "-T" | "-t" | "--timeout" | "--tries" => words.next().is_some_and(is_number),
            flag if flag.starts_with('-') => false,
            url => {
                urls = urls.saturating_add(1);
                is_own_pod(url)
            }
        };
        if !known {
            return false;
        }
    }
    urls == 1 && (to_stdout || rest.iter().any(|word| word == "--spider"))
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// A header that can't turn the request into another one.
fn harmless_header(text: &str) -> bool {
    let name = text
        .split(':')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    matches!(
        name.as_str(),
        "accept" | "accept-language" | "cache-control" | "host" | "x-request-id" | "user-agent"
    ) && !text.starts_with('@')
        && !text.chars().any(char::is_control)
}

/// http to the pod's own loopback address; no credentials, nothing that curl expands.
fn is_own_pod(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    let rest = lower
        .strip_prefix("http://")
        .or_else(|| lower.strip_prefix("https://"))
        .unwrap_or(&lower);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.strip_prefix("[::1]") {
        Some(port) => (
            "[::1]",
            port.strip_prefix(':')
                .unwrap_or(if port.is_empty() { "80" } else { "x" }),
        ),
        None => authority.split_once(':').unwrap_or((authority, "80")),
    };
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic())
        && !url.contains(['{', '}', '\\', '@', '"', '|', '`']);
    let behind = rest.strip_prefix(authority).unwrap_or_default();
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
        && port.parse::<u16>().is_ok()
        && plain
        && !behind.contains(['[', ']'])
}
