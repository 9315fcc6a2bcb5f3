//! The filters beside the real tools, and what makes them end.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;
use crate::domain::action::{Filter, read_argv};

fn run(filters: &str, input: &str) -> Result<String, FilterError> {
    let filters: Vec<Filter> = filters
        .split(" ¦ ")
        .map(|filter| {
            Filter::parse(&read_argv(filter).unwrap()).unwrap_or_else(|error| panic!("{filter}: {error}"))
        })
        .collect();
    apply(&filters, input)
}

/// Output of the real tool, `None` when it ends with another code than 0; `Err` when it isn't installed.
fn real(argv: &[String], input: &str) -> Result<Option<String>, std::io::Error> {
    let mut child = Command::new(&argv[0])
        .args(&argv[1..])
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    // A tool may end without reading all of its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output()?;
    Ok(output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

const JSON: &str =
    r#"{"redis":"connected","b":[3,1,2],"a":{"x":null,"y":1.5,"z":"ä\n\"q\""},"empty":[],"o":{}}"#;
const PODS: &str = r#"{"items":[{"name":"a","phase":"Running","n":2},{"name":"b","phase":"Failed","n":1},{"name":"c","phase":"Running","n":3}]}"#;
const TEXT: &str = "ready 1\nError: x\nREADY 2\n\nerror(s) + more\nlast";

const SAME: &[(&str, &str)] = &[
    ("jq .", JSON),
    ("jq -c .", JSON),
    ("jq .redis", JSON),
    ("jq -r .redis", JSON),
    ("jq -r .a.z", JSON),
    ("jq .missing", JSON),
    ("jq -e .missing", JSON),
    ("jq -e .redis", JSON),
    ("jq -e empty", JSON),
    ("jq .a.y", JSON),
    ("jq '.b | sort | .[0]'", JSON),
    ("jq '.b - [1]'", JSON),
    ("jq '.b | map(. * 2) | add'", JSON),
    ("jq 'keys'", JSON),
    ("jq -c 'to_entries | map(.key)'", JSON),
    ("jq '.redis == \"connected\"'", JSON),
    ("jq '.redis | test(\"^conn\")'", JSON),
    ("jq '.redis | length'", JSON),
    ("jq -c '.b | index(1), contains([3])'", JSON),
    ("jq '.redis * 2'", JSON),
    ("jq '.redis.x'", JSON),
    ("jq -c '[.. | numbers]'", JSON),
    ("jq -c '.a | tojson | fromjson'", JSON),
    ("jq -c 'getpath([\"a\",\"y\"])'", JSON),
    ("jq -c 'paths | join(\".\")? '", "{\"a\":{\"b\":1}}"),
    ("jq -c 'del(.a.z) | .b |= reverse'", JSON),
    ("jq -c '.b[1:] , .b[-1]'", JSON),
    ("jq '[.items[] | select(.phase == \"Running\")] | length'", PODS),
    ("jq -r '.items[] | select(.n >= 2) | .name'", PODS),
    (
        "jq -c '.items | group_by(.phase) | map({phase: .[0].phase, n: length})'",
        PODS,
    ),
    ("jq -r '.items | map(.name) | join(\",\")'", PODS),
    ("jq -r '.items[] | \"\\(.name)=\\(.n)\"'", PODS),
    ("jq '.items | any(.phase == \"Failed\")'", PODS),
    (
        "jq -c '.items | min_by(.n).name, (sort_by(.n) | last.name)'",
        PODS,
    ),
    ("jq -c 'reduce .items[].n as $n (0; . + $n)'", PODS),
    ("jq -c '[limit(2; .items[].name)]'", PODS),
    (
        "jq -c '.items | map(if .n > 1 then \"big\" else \"small\" end)'",
        PODS,
    ),
    ("jq -c '.items[0] | with_entries(.value |= tostring)'", PODS),
    ("jq -c '[range(5)] | map(select(. % 2 == 0))'", "null"),
    ("jq -c '[.[] | tonumber]'", "[\"1\",\"2.5\"]"),
    ("jq -c '.x // \"none\"'", "{}"),
    ("jq -c 'try error(\"x\") catch .'", "null"),
    ("jq .", "1 2\n3"),
    ("jq .", ""),
    ("jq .", "{"),
    ("jq .", "not json"),
    ("grep ready", TEXT),
    ("grep -i ready", TEXT),
    ("grep -v ready", TEXT),
    ("grep -c e", TEXT),
    ("grep -ic error", TEXT),
    ("grep -F '(s) +'", TEXT),
    ("grep -E 'ready|last'", TEXT),
    ("grep 'ready\\|last'", TEXT),
    ("grep 'ready|last'", TEXT),
    ("grep '^$'", TEXT),
    ("grep nothing", TEXT),
    ("grep -c nothing", TEXT),
    ("grep x", ""),
    ("head", TEXT),
    ("head -n 2", TEXT),
    ("head -n 99", TEXT),
    ("tail", TEXT),
    ("tail -n 2", TEXT),
    ("tail -n 1", "a\nb\n"),
    ("tail -n 2", "\n\n\n"),
    ("head -n 1", ""),
    ("wc -l", TEXT),
    ("wc -w", TEXT),
    ("wc -c", TEXT),
    ("wc -l", ""),
    ("wc -l", "a\n"),
];

#[test]
fn filters_print_what_the_real_tools_print() {
    for (line, input) in SAME {
        let argv = read_argv(line).unwrap();
        match real(&argv, input) {
            Ok(expected) => assert_eq!(
                run(line, input).ok(),
                expected,
                "{line} on {input}: {:?}",
                run(line, input)
            ),
            Err(_) => println!(
                "skipped: `{}` is not installed (Debian package of the same name)",
                argv[0]
            ),
        }
    }
}

#[test]
fn filters_follow_each_other_and_the_first_failure_ends_it() {
    assert_eq!(
        run("jq -r '.items[].name' ¦ grep -v b ¦ wc -l", PODS),
        Ok("2\n".to_owned())
    );
    assert_eq!(
        run("grep nothing ¦ wc -l", PODS),
        Err(FilterError::NoMatch {
            pattern: "nothing".into()
        })
    );
    assert!(matches!(
        run("jq .", &"x".repeat(MAX_INPUT + 1)),
        Err(FilterError::InputTooLarge { .. })
    ));
    assert!(matches!(run("jq '[.] * 2'", "1"), Err(FilterError::Jq(_))));
}

/// Programs that would loop, or make much out of little.
const EXPLODING: &[&str] = &[
    "repeat(.)",
    "[repeat(.)]",
    "repeat(empty)",
    "until(false; .)",
    "range(1e18)",
    "last(range(1e18))",
    "reduce range(1e9) as $x (0; [.])",
    "reduce range(1e9) as $x (\"a\"; . + .)",
    "reduce range(1e9) as $x (1; [., .])",
    "reduce range(1e9) as $x (1; [., .]) | tojson",
    "[limit(60; repeat(1))] | reduce .[] as $x (1; {a: ., b: .})",
    "\"x\" * 1e12",
    "1e12 * \"x\" | length",
    "[range(100000)] | combinations(3)",
    "[range(3000)] | [.[] as $a | .[] as $b | .[] as $c | 1] | length",
    "reduce range(1e6) as $x (10; . * .)",
    "recurse(.)",
    "[recurse([.])]",
    "setpath([range(100000) | \"a\"]; 1)",
    "try repeat(.) catch repeat(.)",
    "[range(200000)] | . - .",
    "[range(200000) | tostring] | join(\",\") | indices(\"1\") | length | range(1e12)",
    "\"[\" * 100000 | fromjson",
    "foreach range(1e18) as $x (0; . + 1; empty)",
    "..|=[.,.]",
    ".. |= [.]",
    "walk([.])",
    "path(recurse(.))",
    "first(path(repeat(.[0])) | select(false))",
    "null | path(recurse(.a))",
    "null | [path(limit(100000; recurse(.a)))] | length | repeat(.)",
];

/// Programs that might loop or grow; some of them end by themselves, since jaq stops where jq goes on.
const ODD: &[&str] = &[
    "null | recurse(.a) |= 1",
    "null | (limit(1e9; repeat(.a))) |= 1",
    "null | until(false; .a) |= 1",
    "repeat(.) |= 1",
    "null | del(recurse(.a))",
    "null | pick(recurse(.a))",
    ".[] |= repeat(.)",
    ".[] = repeat(1)",
    "map_values(repeat(.))",
    "with_entries(repeat(.))",
    "\"\\(repeat(1))\"",
    "getpath(repeat([0]))",
    "recurse(recurse(.))",
    "recurse(recurse(recurse(.)))",
    "[range(1e3)] | sort_by(repeat(.))",
    "repeat(.) as [$x] | empty",
    "reduce repeat(.) as $x (.; .)",
    "null | reduce range(1e9) as $x (.; .a |= [.])",
    "null | reduce range(1e9) as $x (.; setpath([\"a\", \"b\"]; .))",
    "[recurse(if . < 1e9 then . + 1 else empty end)]",
    "0 | last(recurse(if . < 1e9 then . + 1 else empty end))",
    "0 | until(. > 1e9; . + 1)",
    "[range(1e5)] | [.[] as $x | .[$x:]] | length",
    "[range(1e5) | [.]] | flatten | repeat(.)",
    "reduce range(1e9) as $x ({}; .[$x | tostring] = $x)",
    "reduce range(1e9) as $x ([]; .[$x] = $x)",
    "[range(1e5)] | [.[] as $x | .[{start: $x}]] | length",
    "[range(1e5) | 0] | .[.] | repeat(.)",
    "[range(1e5) | 0] | getpath([.]) | repeat(.)",
    ".[\"\\(repeat(1))\"]?",
    "[] | .[1e9] = 1",
    "[] | .[100000000] = 1",
    "[limit(1000000; repeat(0))] | map(tojson) | join(\"\") | test(\"(0*)*1\")",
    "[range(1e5)] | implode | repeat(.)",
    "\"a\" * 1000000 | [match(\"a\"; \"g\")] | length | repeat(.)",
    "\"a\" * 1000000 | gsub(\"a\"; \"bbbbbbbbbbbbbbbbbbbb\") | repeat(.)",
    "..|=[.,.]|..|=[.,.]|..|=[.,.]|..|=[.,.]|..|=[.,.]|..|=[.,.]",
];

#[test]
fn no_program_runs_for_ever_or_takes_all_memory() {
    for program in EXPLODING.iter().chain(ODD) {
        // That it ends at all: steps are counted, not seconds, and one that runs for ever never comes back from here.
        let filter = Filter::parse(&["jq".to_owned(), "-c".to_owned(), (*program).to_owned()]).unwrap();
        let result = apply(&[filter], "[[1]]");
        assert!(
            result.is_err() || ODD.contains(program),
            "`{program}` gave a result"
        );
    }
}

#[test]
fn a_program_at_the_limits_is_read_and_run_on_a_plain_stack() {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(|| {
        for program in [
            "1+".repeat(499) + "1",
            ".|".repeat(499) + ".",
            "-".repeat(990) + "1",
            "try ".repeat(248) + "1",
            "1,".repeat(499) + "1",
            ".a".repeat(499),
            "1 as $x|".repeat(124) + "1",
            "[1]|".repeat(249) + ".",
        ] {
            let _ = jq_values(&program, "[1]");
        }
    });
    thread.unwrap().join().unwrap();
    let deep = "[".repeat(190) + &"]".repeat(190);
    assert!(run("jq -c .", &deep).is_ok());
    let too_deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert!(matches!(run("jq -c .", &too_deep), Err(FilterError::Jq(_))));
}

#[test]
fn no_program_reaches_outside() {
    for program in [
        "env",
        "$ENV",
        "$ENV.HOME",
        "input",
        "inputs",
        "halt",
        "halt_error",
        "debug",
        "stderr",
        "now",
        "localtime",
        "import \"a\" as a; .",
        "include \"a\"; .",
        "def f: f; f",
        "input_filename",
        "$__prog_args",
        "get_search_list",
    ] {
        assert!(crate::domain::jq::check(program).is_err(), "{program}");
    }
}

#[test]
fn values_are_for_expectations() {
    assert_eq!(
        jq_values(".redis == \"connected\"", JSON).unwrap(),
        vec![serde_json::Value::Bool(true)]
    );
    assert!(jq_values(".", "{").unwrap_err().contains("not JSON"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_input_panics(input in "\\PC{0,40}|[\\[\\]{}\",:0-9a-z \\\\]{0,40}", pattern in "\\PC{0,10}|[a-c\\\\\\[\\]^$(){}|*+?.-]{0,10}", program in "[\\[\\]{}().|,:$a-c0-9\"+*/=<> ?-]{0,16}") {
        for argv in [vec!["jq".to_owned(), program.clone()], vec!["grep".to_owned(), "--".to_owned(), pattern.clone()], vec!["grep".to_owned(), "-E".to_owned(), "--".to_owned(), pattern.clone()]] {
            if let Ok(filter) = Filter::parse(&argv) {
                let _ = apply(&[filter], &input);
            }
        }
    }
}

#[test]
fn what_jq_says_of_a_broken_pattern_or_input_is_one_line() {
    let said = |filters: &str, input: &str| run(filters, input).unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            said(r#"jq 'test("(")'"#, r#""a""#),
            said("jq .", "<html>502</html>"),
            said("jq .", r#"{"a": 1"#),
            said("jq .a", "[1]"),
            said("jq 'error(\"line 1\\n  line 2\")'", "1"),
        ]
        .join("\n")
    );
}
