//! Logs and figures: tracing to standard error, as lines for people or as JSON; metrics as Prometheus text. A leaf: it is
//! set up once by whoever starts the program, and everybody else only uses the macros.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error(
        "`log.filter` is `{filter}`, which can't be read ({problem}): write a level like `info`, or `interlock=debug,warn`"
    )]
    Filter { filter: String, problem: String },
    #[error("logging was set up before: call this once")]
    LogTwice,
    #[error("metrics could not be set up ({0})")]
    Metrics(String),
}

/// Standard error behind something that takes secrets out of each line.
struct Cleaned<C> {
    clean: Arc<C>,
    /// The formatter paints, and takes what paints out of what it is given.
    painted: bool,
}

impl<C: Fn(&str) -> String> Write for Cleaned<C> {
    /// A whole line at once, which is how the formatters write.
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let clean = (self.clean)(&String::from_utf8_lossy(line));
        std::io::stderr().write_all(one_line(&clean, self.painted).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// What was logged, in one line: whatever is in a text of others or of a library, it begins no line of its own.
fn one_line(logged: &str, painted: bool) -> String {
    let text = logged.strip_suffix('\n').unwrap_or(logged);
    let mut line = String::with_capacity(logged.len());
    for letter in text.chars() {
        match letter {
            '\t' => line.push(letter),
            '\u{1b}' if painted => line.push(letter),
            '\u{2028}' | '\u{2029}' => line.extend(letter.escape_unicode()),
            control if control.is_control() => line.extend(control.escape_default()),
            letter => line.push(letter),
        }
    }
    line.push('\n');
    line
}

/// Sends logs to standard error, each line as `clean` leaves it: what libraries write is nothing that we have seen before.
///
/// # Errors
/// The filter can't be read, or a logger is there already.
pub fn start_log(
    log: &Log,
    clean: impl Fn(&str) -> String + Send + Sync + 'static,
) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&log.filter).map_err(|error| TelemetryError::Filter {
        filter: log.filter.clone(),
        problem: error.to_string(),
    })?;
    // These log one-time socket addresses and the bodies of frames: nothing of them is ever logged. The last says that some
    // request failed and not of which cluster; whoever made it says both.
    let silent = [
        "slack_morphism=off",
        "tungstenite=off",
        "tokio_tungstenite=off",
        "kube_client::client::builder=off",
    ];
    let silent = silent.iter().filter_map(|directive| directive.parse().ok());
    let filter = silent.fold(filter, EnvFilter::add_directive);
    let clean = Arc::new(clean);
    // https://no-color.org: set and not empty, whatever the value.
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let painted = std::io::stderr().is_terminal() && !unwanted;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(painted)
        .with_writer(move || Cleaned {
            clean: clean.clone(),
            painted,
        });
    match log.format {
        LogFormat::Human => lines.with_target(false).finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    }
    .map_err(|_| TelemetryError::LogTwice)
}

/// The figures so far.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

/// Bounds in seconds, from a commit on a good disk to the longest answer.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

impl Metrics {
    /// Makes the recorder the one that the `metrics` macros of this process write to.
    ///
    /// # Errors
    /// There is one already.
    pub fn install() -> Result<Self, TelemetryError> {
        let recorder = builder()?.build_recorder();
        let metrics = Self(recorder.handle());
        metrics::set_global_recorder(recorder).map_err(|error| TelemetryError::Metrics(error.to_string()))?;
        Ok(metrics)
    }

    /// A recorder that nothing writes to but what is run with `metrics::with_local_recorder`.
    ///
    /// # Errors
    /// Never with the bounds above.
    pub fn apart() -> Result<Self, TelemetryError> {
        Ok(Self(builder()?.build_recorder().handle()))
    }

    /// Prometheus text format 0.0.4. Also folds what histograms have collected, so it is to be called now and then.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }
}

fn builder() -> Result<PrometheusBuilder, TelemetryError> {
    PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .map_err(|error| TelemetryError::Metrics(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_makes_no_sense_is_refused_with_advice() {
        let log = Log {
            filter: "interlock=lots".to_owned(),
            ..Log::default()
        };
        let told = start_log(&log, str::to_owned).unwrap_err().to_string();
        assert!(
            told.contains("`interlock=lots`") && told.contains("write a level"),
            "{told}"
        );
    }

    #[test]
    fn what_was_logged_is_one_line_whatever_is_in_it() {
        let text = "taken\tfrom \u{1b}[31m\"x\r\n2026 INFO\u{2028}\u{85}é\"\n";
        let plain = one_line(text, false);
        assert_eq!(
            plain,
            "taken\tfrom \\u{1b}[31m\"x\\r\\n2026 INFO\\u{2028}\\u{85}é\"\n"
        );
        assert!(one_line(text, true).starts_with("taken\tfrom \u{1b}[31m\"x\\r\\n"));
    }

    #[test]
    fn figures_are_prometheus_text() {
        let recorder = builder().unwrap().build_recorder();
        let metrics = Metrics(recorder.handle());
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("interlock_alerts_total", "source" => "alertmanager").increment(3);
            metrics::histogram!("interlock_commit_seconds").record(0.002);
        });
        let text = metrics.render();
        assert!(
            text.contains("interlock_alerts_total{source=\"alertmanager\"} 3"),
            "{text}"
        );
        assert!(
            text.contains("interlock_commit_seconds_bucket{le=\"0.0025\"} 1"),
            "{text}"
        );
    }
}
