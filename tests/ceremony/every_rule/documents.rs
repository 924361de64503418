//! Bundles that violate a rule of the signed documents: of their content, of those that they follow,
//! or of their signatures.

use keymoot_core::Rule;
use keymoot_record::transcript::Event;
use serde_json::{Value, json};

use super::{
    NO_ROW, Row,
    forging::{Forged, changed, later},
};
use crate::unlawful::{SEED, team_root};

/// A document with another content, which then differs from the program's own draft.
fn redrafted(document: &str, change: impl FnOnce(&mut Value)) -> Forged {
    changed(|forger| forger.redraft(document, change)).beside(&[Rule::RootDraft])
}

/// A document of an annual signing with another content than before.
fn revised(document: &str, change: impl FnOnce(&mut Value)) -> Forged {
    later(2, |forger| forger.redraft(document, change))
}

pub(super) fn row(rule: Rule) -> Row {
    Ok(match rule {
        Rule::RootPrevious => later(2, |f| {
            let path = "previous/tuf-root/metadata/root.json";
            f.plan.inputs.get_mut(path).unwrap().push(b'\n');
        }),
        Rule::RootNewest => later(2, |f| {
            let other = f.plan.inputs["previous/tuf-crates/metadata/root.json"].clone();
            f.plan.inputs.insert("trusted-root.json".to_owned(), other);
        }),
        Rule::CratesRoot => later(5, |f| {
            f.plan
                .inputs
                .retain(|path, _| !path.starts_with("incoming/"));
            let path = "incoming/tuf-crates/new.root.json".to_owned();
            f.plan.inputs.insert(path, team_root(SEED + 1, 2));
        }),
        Rule::CratesGiven => later(5, |f| {
            f.plan
                .inputs
                .retain(|path, _| !path.starts_with("incoming/"));
        }),
        Rule::DelegationPrevious => later(2, |f| {
            let path = "previous/tuf-root/metadata/targets.json";
            let text = String::from_utf8(f.plan.inputs[path].clone()).unwrap();
            let widened = text.replacen("crates/*", "*", 1);
            f.plan.inputs.insert(path.to_owned(), widened.into_bytes());
        }),
        Rule::RootKeys => redrafted("root.json", |root| {
            let keys = root["keys"].as_object_mut().unwrap().values_mut();
            let mut owners = keys.filter_map(|key| key.get_mut("x-tuf-on-ci-keyowner"));
            *owners.next().unwrap() = "@holder-99".into();
        })
        .beside(&[Rule::RootDraft, Rule::RootChange]),
        Rule::SignatureTwice => changed(|f| f.wrong = Some("holder-9")),
        Rule::SignatureQuorum => changed(|f| {
            let ids: Vec<_> = f
                .events()
                .filter_map(|event| match event {
                    Event::Signed { keyid, .. } => Some(keyid.clone()),
                    _ => None,
                })
                .collect();
            let other = ids.iter().find(|id| **id != ids[0]).unwrap().clone();
            for event in f.events() {
                if let Event::Signed { keyid, .. } = event
                    && *keyid == ids[0]
                {
                    keyid.clone_from(&other);
                }
            }
        }),
        Rule::RootDraft => redrafted("targets.json", |doc| doc["spec_version"] = "1.0.1".into()),
        Rule::RootVersion => redrafted("root.json", |root| root["version"] = 2.into()),
        Rule::RootExpiry => redrafted("root.json", |root| {
            root["expires"] = "2040-01-01T00:00:00Z".into();
        }),
        Rule::RootQuorum => redrafted("root.json", |root| {
            root["roles"]["root"]["threshold"] = 4.into();
        }),
        Rule::RootOnline => redrafted("root.json", |root| {
            let targets = root["roles"]["targets"]["keyids"][0].clone();
            root["roles"]["timestamp"]["keyids"] = json!([targets]);
        }),
        Rule::RootSnapshot => redrafted("root.json", |root| {
            root["consistent_snapshot"] = false.into();
        }),
        Rule::RootMark => redrafted("root.json", |root| {
            root.as_object_mut().unwrap().remove("x-keymoot-rehearsal");
        }),
        Rule::RootChange => revised("root.json", |root| {
            root["roles"]["root"]["threshold"] = 4.into();
        })
        .beside(&[Rule::RootDraft, Rule::RootQuorum]),
        Rule::TargetsVersion => redrafted("targets.json", |doc| doc["version"] = 2.into()),
        Rule::TargetsExpiry => redrafted("targets.json", |doc| {
            doc["expires"] = "2040-01-01T00:00:00Z".into();
        }),
        Rule::TargetsMark => redrafted("targets.json", |doc| {
            doc.as_object_mut().unwrap().remove("x-keymoot-rehearsal");
        }),
        Rule::TargetsChange => revised("targets.json", |doc| {
            doc["delegations"]["roles"][0]["paths"][0] = "*".into();
        })
        .beside(&[Rule::RootDraft, Rule::DelegationRoles]),
        Rule::CratesFile => redrafted("crates.json", |doc| {
            doc["targets"]["crates/root.json"]["length"] = 1.into();
        }),
        Rule::CratesVersion => redrafted("crates.json", |doc| doc["version"] = 2.into()),
        Rule::CratesExpiry => redrafted("crates.json", |doc| {
            doc["expires"] = "2040-01-01T00:00:00Z".into();
        }),
        Rule::CratesMark => redrafted("crates.json", |doc| {
            doc.as_object_mut().unwrap().remove("x-keymoot-rehearsal");
        }),
        Rule::CratesChange => revised("crates.json", |doc| {
            doc["targets"]["crates/other.json"] = doc["targets"]["crates/root.json"].clone();
        })
        .beside(&[Rule::RootDraft, Rule::CratesFile]),
        Rule::DelegationRoles => redrafted("targets.json", |doc| {
            doc["delegations"]["roles"][0]["threshold"] = 4.into();
        }),
        Rule::DelegationFiles => redrafted("targets.json", |doc| {
            let file = json!({"length": 1, "hashes": {"sha256": "00".repeat(32)}});
            doc["targets"]["more.txt"] = file;
        }),
        _ => return Err(NO_ROW),
    })
}
