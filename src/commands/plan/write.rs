//! The files that `keymoot plan new` writes.

use std::fmt::Write as _;

use crate::commands::script::POLICY;
use keymoot_attestation::Family;
use keymoot_record::{
    ceremony::{previous::Previous, script::Scenario},
    rules::{
        policy::CRATES,
        roster::{Handle, Holder, Roster},
    },
};
use keymoot_tuf::{Dialect, Periods, Signer};

/// How many holders the template of a first roster has (RFC 3724).
const HOLDERS: usize = 9;

/// The lines that a new holder sends.
pub(super) const NEWCOMER: &str = r#"# Fill in these lines and send them to the administrator.
[[holder]]
handle = ""         # your account at the Project's hosting service, without @
name = ""           # the name that people say
employer = ""       # or "none"
country = ""        # where you live: ISO 3166-1, two capital letters, such as NL
citizenships = []   # of which countries you are a citizen, if of others, such as ["SE"]
age_recipient = ""  # the line that begins age1: age-keygen -o identity.txt
                    # keep identity.txt where you keep a passport; recipients of plugins do not work
devices = []        # the serial number on the case of each device that you bring
# family = "yubihsm"  # if you bring a YubiHSM 2 and no YubiKey
"#;

const ONLINE: &str = r#"
# The service that signs snapshot and timestamp. Ask its operators for both; the public key is PEM:
# for a key in Google's KMS, gcloud kms keys versions get-public-key.
[online]
uri = ""
public_key = """
"""
snapshot = { expiry_days = 21, signing_days = 7 }
timestamp = { expiry_days = 7, signing_days = 3 }
"#;

/// The shipped policy, with an online key to fill in.
pub(super) fn first_policy() -> String {
    let end = POLICY.find("\n# [online]").unwrap_or(POLICY.len());
    format!("{}{ONLINE}", POLICY.get(..end).unwrap_or(POLICY))
}

const HEAD: &str =
    "# Who takes part. docs/formats.md lists the fields.\nformat = \"keymoot-roster-1\"\n";

/// A roster with empty entries.
pub(super) fn first_roster() -> String {
    let mut text = format!(
        "{HEAD}administrator = \"\"  # runs the keyboard and holds no key\n\n\
         [[witness]]  # watches and holds no key; one entry for each\nname = \"\"\n"
    );
    for number in 1..=HOLDERS {
        let lines = NEWCOMER.lines().filter(|line| !line.starts_with('#'));
        let entry: Vec<_> = lines
            .map(|line| line.split('#').next().unwrap_or(line).trim())
            .collect();
        let entry = entry
            .join("\n")
            .replace("handle = \"\"", &format!("handle = \"holder-{number}\""));
        text += &format!("\n{}\n", entry.trim_end());
    }
    text
}

/// The roster after its ceremony, for the next one.
pub(super) fn next_roster(roster: &Roster, previous: &Previous, scenario: Scenario) -> String {
    let mut text = format!("{HEAD}administrator = {}\n", quoted(&roster.administrator));
    for witness in &roster.witnesses {
        text += &format!("\n[[witness]]\nname = {}\n", quoted(&witness.name));
    }
    for holder in &roster.holders {
        text += &entry(holder);
    }
    text + &changes(previous, scenario)
}

/// A roster of the holders whose keys a working tree names.
pub(super) fn roster_of(previous: &Previous, scenario: Scenario) -> String {
    let mut text = format!("{HEAD}administrator = \"\"\n\n[[witness]]\nname = \"\"\n");
    for handle in previous.holders().keys() {
        let _ = write!(
            text,
            "\n[[holder]]\nhandle = \"{handle}\"\nname = \"\"\nemployer = \"\"\ncountry = \"\"\n"
        );
        if family(previous, handle) == Family::YubiHsm {
            text += "family = \"yubihsm\"\n";
        }
    }
    text + &changes(previous, scenario)
}

fn family(previous: &Previous, handle: &Handle) -> Family {
    let enrolments = previous.enrolments().iter();
    let mut own = enrolments.filter(|published| published.handle == *handle);
    own.next()
        .map(|published| published.enrolment.family)
        .unwrap_or_default()
}

fn entry(holder: &Holder) -> String {
    let mut text = format!(
        "\n[[holder]]\nhandle = \"{}\"\nname = {}\nemployer = {}\ncountry = \"{}\"\n",
        holder.handle,
        quoted(&holder.name),
        quoted(&holder.employer),
        holder.country
    );
    if !holder.citizenships.is_empty() {
        let codes: Vec<_> = holder
            .citizenships
            .iter()
            .map(|code| format!("\"{code}\""))
            .collect();
        let _ = writeln!(text, "citizenships = [{}]", codes.join(", "));
    }
    if let Some(recipient) = &holder.age_recipient {
        let _ = writeln!(text, "age_recipient = \"{recipient}\"");
    }
    if let (Some(test), Some(answer)) = (&holder.recipient_test, &holder.recipient_answer) {
        let _ = writeln!(text, "recipient_test = \"{test}\"");
        let _ = writeln!(text, "recipient_answer = {}", quoted(answer));
    }
    if !holder.devices.is_empty() {
        let _ = writeln!(text, "devices = {:?}", holder.devices);
    }
    if holder.family == Family::YubiHsm {
        text += "family = \"yubihsm\"\n";
    }
    text
}

/// The changes that an occasion permits, as comments.
fn changes(previous: &Previous, scenario: Scenario) -> String {
    let mut text = String::new();
    if scenario.changes_people() {
        text += "\n# Who comes: add the [[holder]] lines of newcomer.toml.\n\
                 # Who takes a new device: add `renews = true` to the entry.\n\
                 # Who leaves: remove the [[holder]] entry, and name the person here.\n\
                 # [[leaver]]\n# handle = \"\"\n# name = \"\"\n# reason = \"\"\n\
                 # Whose account has another name: give the entry the new handle, and say so here.\n\
                 # [[renamed]]\n# from = \"\"\n# to = \"\"\n";
    }
    if scenario.revokes() {
        text += "\n# A key that is stolen or lost. The reason is published.\n\
                 # [[revoke]]\n# handle = \"\"\n# serial = 0\n# reason = \"\"\n\
                 # Published devices:\n";
        for published in previous.enrolments() {
            let (handle, enrolment) = (&published.handle, &published.enrolment);
            let _ = writeln!(
                text,
                "#   {handle}: {} {}",
                enrolment.family, enrolment.serial
            );
        }
    }
    text
}

/// A policy with the values of a working tree's documents. Other values come from the shipped
/// policy's.
pub(super) fn policy_of(previous: &Previous, dialect: Dialect) -> String {
    let shipped = first_policy();
    let head = shipped.split("\n[root]").next().unwrap_or(&shipped);
    let mut text = head.replace(
        "dialect = \"tuf-on-ci\"",
        &format!("dialect = \"{dialect}\""),
    );
    let Some(root) = previous.root().map(|root| root.root()) else {
        return shipped;
    };
    if let Some(role) = root.roles.get("root") {
        text = text
            .replace("threshold = 5", &format!("threshold = {}", role.threshold))
            .replace("holders = 9", &format!("holders = {}", role.keyids.len()));
    }
    let of = |role: &str| root.roles.get(role).and_then(|role| role.periods);
    let targets = previous.targets().map(|targets| &targets.content);
    let of_targets = targets
        .and_then(|targets| targets.periods)
        .or(of("targets"));
    for (name, periods) in [
        ("root", root.periods.or(of("root"))),
        ("targets", of_targets),
    ] {
        let Periods {
            expiry_days,
            signing_days,
        } = periods.unwrap_or(YEAR);
        text +=
            &format!("\n[{name}]\nexpiry_days = {expiry_days}\nsigning_days = {signing_days}\n");
    }
    let online = root.role_keys("timestamp").into_values().next();
    let key = online.map(|(_, entry)| entry);
    let pem = key.and_then(|entry| Some(entry.public.as_ref().ok()?.pem()));
    let uri = key
        .and_then(|entry| entry.online_uri.clone())
        .unwrap_or_default();
    text += &format!(
        "\n[online]\nuri = {}\npublic_key = \"\"\"\n{}\"\"\"\nsnapshot = {}\ntimestamp = {}\n",
        quoted(&uri),
        pem.unwrap_or_default(),
        inline(of("snapshot").unwrap_or(MONTH)),
        inline(of("timestamp").unwrap_or(WEEK))
    );
    let delegations = targets.and_then(|targets| targets.delegations.as_ref());
    for role in delegations
        .iter()
        .flat_map(|delegations| &delegations.roles)
    {
        if role.name == CRATES {
            continue;
        }
        text += &format!(
            "\n[[delegation]]\nrole = {}\nthreshold = {}\nperiods = {}\n",
            quoted(&role.name),
            role.keys.threshold,
            inline(role.keys.periods.unwrap_or(MONTH))
        );
        let keys = delegations.map(|delegations| &delegations.keys);
        for entry in role.keys.keyids.iter().filter_map(|id| keys?.get(id)) {
            let who = match Signer::of(entry) {
                Some(Signer::Holder(holder)) => format!("handle = {}", quoted(&holder.handle)),
                Some(Signer::Online(online)) => format!("uri = {}", quoted(&online.uri)),
                None => "handle = \"\"".to_owned(),
            };
            let pem = entry
                .public
                .as_ref()
                .map(|key| key.pem())
                .unwrap_or_default();
            text += &format!("\n[[delegation.key]]\n{who}\npublic_key = \"\"\"\n{pem}\"\"\"\n");
        }
    }
    text
}

const YEAR: Periods = Periods {
    expiry_days: 455,
    signing_days: 90,
};
const MONTH: Periods = Periods {
    expiry_days: 21,
    signing_days: 7,
};
const WEEK: Periods = Periods {
    expiry_days: 7,
    signing_days: 3,
};

fn inline(periods: Periods) -> String {
    let Periods {
        expiry_days,
        signing_days,
    } = periods;
    format!("{{ expiry_days = {expiry_days}, signing_days = {signing_days} }}")
}

/// A string as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
