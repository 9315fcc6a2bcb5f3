//! Cuts text into words as people write them in alerts and runbooks: `etcdGRPCRequestsSlow`, `kube_pod_status_ready`,
//! `DaemonSet's`, `OSDs`. Templates (`{{ … }}`), numbers and what looks like a generated name are no words.

/// Calls `take` for each word, in lower case and in order. `{{ … }}` is passed over.
pub fn each_word(text: &str, mut take: impl FnMut(&str)) {
    let mut word = String::new();
    for run in runs(text) {
        cut(run, &mut word, &mut take);
    }
}

/// The runs of letters and digits outside of templates.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find(|c: char| c.is_alphanumeric() || c == '{')?;
            rest = rest.get(start..)?;
            if let Some(inner) = rest.strip_prefix('{') {
                rest = match inner.strip_prefix('{').and_then(|inner| inner.split_once("}}")) {
                    Some((_, after)) => after,
                    None => inner,
                };
                continue;
            }
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            // `85%` is a word of its own: thresholds tell siblings apart.
            if let Some(behind) = after.strip_prefix('%')
                && run.len() <= 2
                && run.bytes().all(|byte| byte.is_ascii_digit())
            {
                let both = rest.get(..=end);
                rest = behind;
                return both;
            }
            rest = after;
            return Some(run);
        }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Upper,
    Lower,
    Digit,
}

fn kind(c: char) -> Kind {
    if c.is_ascii_digit() {
        Kind::Digit
    } else if c.is_uppercase() {
        Kind::Upper
    } else {
        Kind::Lower
    }
}

/// Cuts one run at `aB`, and before the last of several capitals (`APIDown`), but keeps a plural `s` with them (`OSDs`).
fn cut(run: &str, word: &mut String, take: &mut impl FnMut(&str)) {
    word.clear();
    let chars: Vec<char> = run.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at)).copied().map(kind);
        let next = chars.get(at + 1).copied();
        let starts = match (before, kind(c)) {
            (None, _) => false,
            (Some(Kind::Lower | Kind::Digit), Kind::Upper) => true,
            (Some(Kind::Upper), Kind::Upper) => {
                let plural =
                    next == Some('s') && chars.get(at + 2).is_none_or(|after| kind(*after) != Kind::Lower);
                next.is_some_and(|next| kind(next) == Kind::Lower) && !plural
            }
            (Some(_), _) => false,
        };
        if starts {
            give(word, take);
        }
        word.extend(c.to_lowercase());
    }
    give(word, take);
}

fn give(word: &mut String, take: &mut impl FnMut(&str)) {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    // `5m`, `x2xkz` and hashes say nothing about what is broken; `s3`, `k8s`, `ipv6` and `5xx` do.
    let number = digits == word.len();
    let generated = digits > 0 && word.len() > 5 && digits * 4 >= word.len();
    let measure = digits > 0
        && word.ends_with(['m', 's', 'h', 'd', 'g', 'b'])
        && word.len() <= 4
        && word
            .bytes()
            .take(word.len() - 1)
            .all(|byte| byte.is_ascii_digit());
    if !number && !generated && !measure && word.len() > 1 && word.len() <= 40 {
        take(word);
    }
    word.clear();
}

#[cfg(test)]
mod tests {
    use super::each_word;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn names_are_cut_as_people_read_them() {
        for (text, expected) in [
            ("KubePodNotReady", "kube pod not ready"),
            ("etcdGRPCRequestsSlow", "etcd grpc requests slow"),
            ("CPUThrottlingHigh", "cpu throttling high"),
            ("node_md_disks:rate5m", "node md disks rate5m"),
            ("CephPGsDamaged, OSDs", "ceph pgs damaged osds"),
            ("VMs on k8s and s3", "vms on k8s and s3"),
            ("kube-state-metrics", "kube state metrics"),
            ("Pod {{ $labels.pod }} is {{$value}}% full", "pod is full"),
            ("more than 15 minutes, 5m, 99th", "more than minutes 99th"),
            ("shop/cart-7d4b9f6c5", "shop cart"),
            ("an unclosed {{ stays", "an unclosed stays"),
            ("above 85% of 10 GB", "above 85% of gb"),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
    }
}
