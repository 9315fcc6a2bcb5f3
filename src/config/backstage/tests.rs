//! What of Backstage descriptors is taken, and what is said of those that can't be.

use super::*;
use crate::domain::ids::Service;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn component(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  owner: ops\n{spec}\n"
    )
}

/// Without the folder's own path, which is another each time.
fn told(problems: &[Problem], folder: &Path) -> Vec<String> {
    let own = format!("{}/", folder.display());
    problems
        .iter()
        .map(|one| one.to_string().replace(&own, ""))
        .collect()
}

#[test]
fn a_folder_of_descriptors_says_whose_a_service_is_and_what_it_needs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/backstage");
    let found = read(&[path]).unwrap();
    let rows: Vec<(&str, &str, Vec<&str>)> = found
        .services
        .iter()
        .map(|row| {
            let needs = row.depends_on.iter().map(Service::as_str).collect();
            (row.name.as_str(), row.owner.as_deref().unwrap(), needs)
        })
        .collect();
    let needs = vec!["catalogue", "payments", "tape-driver"];
    assert_eq!(
        rows,
        [
            ("archive", "Storage team, storage@example.test", needs.clone()),
            ("archive-writer", "Storage team, storage@example.test", needs),
            ("catalogue", "nobody-yet", vec![]),
            ("payments", "Storage team, storage@example.test", vec![]),
            ("tape-driver", "cy", vec!["payments"]),
        ]
    );
    assert_eq!((found.files, found.errors.len()), (2, 0), "{:?}", found.errors);
    assert!(!format!("{found:?}").contains("0123456789abcdef"));
    // The files name a team, so that one that they don't name is missed.
    let warnings: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
    let expected = [
        "`spec.owner`: group:default/nobody-yet is in none of these files",
        "`spec.owner`: user:default/cy is in none of these files",
    ];
    assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
    for (warning, end) in warnings.iter().zip(expected) {
        assert!(warning.ends_with(end), "{warning}");
    }
}

#[test]
fn what_is_wrong_is_named_with_file_document_and_key_and_the_rest_counts() {
    let wrong = [
        component("sound", ""),
        component("'not a name'", ""),
        component("numbered", "  dependsOn: [component:sound, 7]"),
        component("odd", "  dependsOn: sound"),
        "kind: Component\nmetadata:\n  name: versionless".to_owned(),
    ]
    .join("---\n");
    let folder = folder(&[
        ("a/catalog-info.yaml", &wrong),
        ("b/catalog-info.yml", "a: [1"),
        ("c/other.yaml", "a: [1"),
        ("..data/catalog-info.yaml", "a: [1"),
        ("d/checkout-catalog-info.yaml", &component("checkout", "")),
    ]);
    let found = read(&[folder.path().to_owned()]).unwrap();
    let names: Vec<&str> = found.services.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["checkout", "sound"]);
    let errors = told(&found.errors, folder.path());
    let begins = [
        "a/catalog-info.yaml, document 2, `metadata.name`: `not a name` is no name",
        "a/catalog-info.yaml, document 3, `spec.dependsOn[1]`: it is no reference",
        "a/catalog-info.yaml, document 4, `spec.dependsOn`: invalid type",
        "a/catalog-info.yaml, document 5: missing field `apiVersion`",
        "b/catalog-info.yml: it is no YAML",
    ];
    assert_eq!(errors.len(), begins.len(), "{errors:?}");
    for (error, begin) in errors.iter().zip(begins) {
        assert!(error.starts_with(begin), "{error}");
    }
}

#[test]
fn a_reference_that_leads_nowhere_and_a_name_that_is_there_twice_are_warnings() {
    let text = [
        component(
            "checkout",
            "  dependsOn: [component:paymnts, pay]\n  consumesApis: [rates]",
        ),
        component("Checkout", ""),
        component("checkout", "").replace("metadata:", "metadata:\n  namespace: other"),
        component("pay", "  dependencyOf: [component:nobody]"),
    ]
    .join("---\n");
    let folder = folder(&[("catalog-info.yaml", &text)]);
    let found = read(&[folder.path().to_owned()]).unwrap();
    let needs: Vec<Vec<&str>> = found
        .services
        .iter()
        .map(|row| row.depends_on.iter().map(Service::as_str).collect())
        .collect();
    assert_eq!(
        (needs, found.errors.len()),
        (vec![vec!["pay", "paymnts"], vec![]], 0)
    );
    let warnings = told(&found.warnings, folder.path());
    let expected = [
        "document 2, `metadata.name`: component:default/checkout is there twice",
        "document 1, `spec.dependsOn[0]`: component:default/paymnts is in none of these files",
        "document 1, `spec.consumesApis[0]`: nothing in these files provides api:default/rates",
        "document 4, `spec.dependencyOf[0]`: component:default/nobody is in none of these files",
        "document 3, `metadata.name`: another service is called `checkout` as well",
    ];
    assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
    for (warning, part) in warnings.iter().zip(expected) {
        assert!(warning.contains(part), "{warning}");
    }
}

#[test]
fn a_file_that_multiplies_itself_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        let all = vec![below; 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{all}]\n"));
    }
    let folder = folder(&[("catalog-info.yaml", &text)]);
    let found = read(&[folder.path().to_owned()]).unwrap();
    assert_eq!(
        (found.services.len(), found.errors.len()),
        (0, 1),
        "{:?}",
        found.errors
    );
}

#[test]
fn a_path_that_is_not_there_is_a_mistake_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    assert!(read(&[folder.path().join("nowhere")]).is_err());
}
