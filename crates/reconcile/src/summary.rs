//! How `Ready` follows from the other conditions (spec 2.12).

use crate::{Condition, ConditionKind, Conditions, Truth};

const SCOPE: [ConditionKind; 7] = [
    ConditionKind::StorageOperationFailed,
    ConditionKind::FetchFailed,
    ConditionKind::ArtifactOutdated,
    ConditionKind::ArtifactInStorage,
    ConditionKind::SourceVerified,
    ConditionKind::Stalled,
    ConditionKind::Reconciling,
];

/// Sets `Ready` from the most telling condition; without any it stays as it is.
pub(crate) fn summarise(conditions: &mut Conditions, generation: i64) {
    let telling = SCOPE
        .iter()
        .filter_map(|&kind| conditions.get(kind))
        .min_by_key(|condition| priority(condition))
        .map(|condition| (ready(condition), condition.reason.clone(), condition.message.clone()));
    if let Some((truth, reason, message)) = telling {
        conditions.set(ConditionKind::Ready, truth, &reason, &message, generation);
    }
    let decisive = [(ConditionKind::Stalled, Truth::True), (ConditionKind::SourceVerified, Truth::False)];
    for (kind, truth) in decisive {
        let told = conditions
            .get(kind)
            .filter(|condition| condition.truth == truth)
            .map(|condition| (condition.reason.clone(), condition.message.clone()));
        if let Some((reason, message)) = told {
            conditions.set(ConditionKind::Ready, Truth::False, &reason, &message, generation);
        }
    }
}

fn positive(kind: ConditionKind) -> bool {
    matches!(kind, ConditionKind::ArtifactInStorage | ConditionKind::SourceVerified)
}

fn priority(condition: &Condition) -> u8 {
    match (condition.truth, positive(condition.kind)) {
        (Truth::True, false) => 1,
        (Truth::False, true) => 2,
        (Truth::True, true) => 3,
        (Truth::False, false) => 4,
        (Truth::Unknown, _) => 5,
    }
}

fn ready(condition: &Condition) -> Truth {
    match priority(condition) {
        1 | 2 => Truth::False,
        3 | 4 => Truth::True,
        _ => Truth::Unknown,
    }
}
