//! From entities to services: each Component and Resource is one, and a second one by the name that its workloads carry.

use std::collections::{BTreeMap, BTreeSet};

use super::Problem;
use super::entity::{Entity, Kind};
use super::reference::Reference;
use crate::config::rows::ServiceRow;
use crate::domain::ids::Service;

/// Everything that was read, to be found by reference.
struct Read<'a> {
    by_reference: BTreeMap<&'a Reference, &'a Entity>,
    /// Who provides an API.
    providers: BTreeMap<&'a Reference, Vec<&'a Entity>>,
}

pub(super) fn services(entities: &[Entity], warnings: &mut Vec<Problem>) -> Vec<ServiceRow> {
    let mut read = Read {
        by_reference: BTreeMap::new(),
        providers: BTreeMap::new(),
    };
    for entity in entities {
        if let Some(first) = read.by_reference.get(&entity.this) {
            let what = format!(
                "{} is there twice; the one in {} counts",
                entity.this,
                first.file.display()
            );
            warnings.push(entity.at().problem("metadata.name", what));
            continue;
        }
        read.by_reference.insert(&entity.this, entity);
        for api in &entity.provides {
            read.providers.entry(api).or_default().push(entity);
        }
    }
    let mut needs: BTreeMap<&Reference, BTreeSet<String>> = BTreeMap::new();
    for entity in read.by_reference.values().copied() {
        let own = needs.entry(&entity.this).or_default();
        own.extend(read.needed_by(entity, warnings));
        for (index, of) in entity.dependency_of.iter().enumerate() {
            match read.find(of) {
                Some(other) => needs.entry(&other.this).or_default().extend(names(entity)),
                None => warnings.push(dangling(entity, format!("spec.dependencyOf[{index}]"), of)),
            }
        }
    }
    let mut rows: Vec<ServiceRow> = Vec::new();
    for entity in read
        .by_reference
        .values()
        .copied()
        .filter(|entity| is_service(entity))
    {
        warnings.extend(read.missing_owner(entity));
        for name in names(entity) {
            let taken = |row: &&ServiceRow| row.name.as_str().eq_ignore_ascii_case(&name);
            if rows.iter().any(|row| taken(&row)) {
                let what = format!(
                    "another service is called `{name}` as well, in another namespace or of another kind; that one counts"
                );
                warnings.push(entity.at().problem("metadata.name", what));
                continue;
            }
            let depends_on = needs.get(&entity.this).into_iter().flatten();
            rows.push(ServiceRow {
                name: Service::new(name),
                owner: entity.owner.as_ref().map(|owner| read.owner(owner)),
                depends_on: depends_on.map(|name| Service::new(name.clone())).collect(),
            });
        }
    }
    rows
}

impl<'a> Read<'a> {
    /// A reference without a kind means a Component before a Resource.
    fn find(&self, reference: &Reference) -> Option<&'a Entity> {
        if reference.kind.is_some() {
            return self.by_reference.get(reference).copied();
        }
        let of = |kind: &str| Reference {
            kind: Some(kind.to_owned()),
            ..reference.clone()
        };
        let mut kinds = ["component", "resource"].into_iter();
        kinds.find_map(|kind| self.by_reference.get(&of(kind)).copied())
    }

    fn needed_by(&self, entity: &Entity, warnings: &mut Vec<Problem>) -> Vec<String> {
        let mut needed = Vec::new();
        for (index, reference) in entity.depends_on.iter().enumerate() {
            match self.find(reference) {
                Some(other) => needed.extend(names(other)),
                // What is not in the files may have alerts and changes all the same.
                None => {
                    warnings.push(dangling(entity, format!("spec.dependsOn[{index}]"), reference));
                    needed.push(reference.name.clone());
                }
            }
        }
        for (index, api) in entity.consumes.iter().enumerate() {
            match self.providers.get(api) {
                Some(providers) => needed.extend(providers.iter().flat_map(|provider| names(provider))),
                None => warnings.push(entity.at().problem(
                    format!("spec.consumesApis[{index}]"),
                    format!(
                        "nothing in these files provides {api}, so nobody knows what it depends on there"
                    ),
                )),
            }
        }
        needed
    }

    /// An owner that is not there. Where the files name no team at all, teams are kept elsewhere, and each would be missed.
    fn missing_owner(&self, entity: &Entity) -> Option<Problem> {
        let teams = self.by_reference.values().any(|entity| is_owner(entity));
        let owner = entity.owner.as_ref().filter(|_| teams)?;
        (!self.by_reference.contains_key(owner)).then(|| dangling(entity, "spec.owner".to_owned(), owner))
    }

    /// As people call it, with an address where there is one.
    fn owner(&self, reference: &Reference) -> String {
        let Some(entity) = self.by_reference.get(reference) else {
            return reference.name.clone();
        };
        let name = entity.title.clone().unwrap_or_else(|| entity.name.clone());
        match &entity.email {
            Some(email) => format!("{name}, {email}"),
            None => name,
        }
    }
}

fn is_service(entity: &Entity) -> bool {
    match entity.kind {
        Kind::Component | Kind::Resource => true,
        Kind::Api | Kind::Group | Kind::User => false,
    }
}

fn is_owner(entity: &Entity) -> bool {
    match entity.kind {
        Kind::Group | Kind::User => true,
        Kind::Component | Kind::Resource | Kind::Api => false,
    }
}

/// What alerts and changes may call it.
fn names(entity: &Entity) -> Vec<String> {
    let other = entity
        .kubernetes_id
        .iter()
        .filter(|id| !id.eq_ignore_ascii_case(&entity.name));
    std::iter::once(&entity.name).chain(other).cloned().collect()
}

fn dangling(entity: &Entity, key: String, reference: &Reference) -> Problem {
    let what = format!("{reference} is in none of these files");
    entity.at().problem(key, what)
}
