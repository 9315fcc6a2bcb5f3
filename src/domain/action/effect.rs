//! What a lost reply means for an action, and so whether it may be asked for again.

use super::classify::{ExecClass, classify};
use super::types::{Action, EffectClass, HttpMethod};

impl Action {
    /// The effect class; each arm says why.
    #[must_use]
    pub fn effect_class(&self) -> EffectClass {
        match self {
            // Reading changes nothing, so a second look is as good as the first.
            Self::Get(_) | Self::Logs(_) | Self::Describe { .. } | Self::RolloutStatus { .. } => {
                EffectClass::Observe
            }
            // A restart is a changed annotation on the pod template: ours holds the attempt id, so reading the object
            // back says whether it happened. A second restart would replace every pod again, hence not converge.
            Self::RolloutRestart { .. } => EffectClass::Marked,
            // The Job's name carries the attempt's number: a second create is refused as AlreadyExists, and a get says
            // whether the first one arrived.
            Self::CreateJob { .. } => EffectClass::Marked,
            // The wanted number stands in the object: setting it again changes nothing, and it can be read back.
            Self::Scale { .. } => EffectClass::Converge,
            // An undo to a written revision asks for that pod template; asking again finds it there already.
            Self::RolloutUndo {
                to_revision: Some(_), ..
            } => EffectClass::Converge,
            // An undo without one means "the revision before", which after a first undo is the broken one again.
            Self::RolloutUndo {
                to_revision: None, ..
            } => EffectClass::Opaque,
            // The pod of that name may already be another one, with the same name in a StatefulSet.
            Self::DeletePod { .. } => EffectClass::Opaque,
            // Only an argv on the read-only list is known to change nothing; of the rest nobody knows what twice means.
            Self::Exec(exec) => match classify(&exec.argv) {
                ExecClass::Looks { .. } => EffectClass::Observe,
                ExecClass::CacheOperation { .. }
                | ExecClass::Destructive { .. }
                | ExecClass::Unknown { .. } => EffectClass::Opaque,
            },
            // The receiver alone knows what a second request does, PUT included.
            Self::Http(request) => match request.method {
                HttpMethod::Get | HttpMethod::Head if !super::tier::overrides_method(request) => {
                    EffectClass::Observe
                }
                HttpMethod::Get
                | HttpMethod::Head
                | HttpMethod::Post
                | HttpMethod::Put
                | HttpMethod::Patch
                | HttpMethod::Delete => EffectClass::Opaque,
            },
        }
    }

    /// True when the action changes nothing.
    #[must_use]
    pub fn only_looks(&self) -> bool {
        self.effect_class() == EffectClass::Observe
    }
}
