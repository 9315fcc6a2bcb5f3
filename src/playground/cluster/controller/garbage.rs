//! The garbage collector: what belongs to an owner that is gone goes too.

use std::collections::BTreeSet;

use crate::playground::cluster::json;
use crate::playground::cluster::model::Model;
use crate::playground::cluster::store::Key;

/// Deletes every object whose owners are all gone.
pub(in crate::playground::cluster) fn collect(model: &mut Model) {
    let living: BTreeSet<&str> = model
        .store
        .all()
        .map(|(_, object)| json::text(object, "/metadata/uid"))
        .collect();
    let orphans: Vec<Key> = model
        .store
        .all()
        .filter(|(_, object)| {
            let owners = json::list(object, "/metadata/ownerReferences");
            !owners.is_empty()
                && owners
                    .iter()
                    .all(|owner| !living.contains(json::text(owner, "/uid")))
        })
        .filter(|(_, object)| object.pointer("/metadata/deletionTimestamp").is_none())
        .map(|(key, _)| key.clone())
        .collect();
    for key in orphans {
        model.delete(&key, None);
    }
}
