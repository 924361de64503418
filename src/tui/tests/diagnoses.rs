//! Every row of docs/diagnoses.md fits on the screen of a device in trouble, on 80 columns and 24
//! rows, and is printed whole line by line.

use std::collections::BTreeSet;

use super::{
    printed::Paper,
    story::{Story, handle},
    table::Table,
};
use crate::{
    device::{
        Credential, DeviceError, ErrorKind as K, Operation, PinRefused, Refusal, Serial, Who,
        yubihsm::Role,
    },
    driver::Trouble,
    host::machine,
    tui::link::Request,
};
use keymoot_attestation::Firmware;
use keymoot_core::Rule;
use keymoot_record::{
    rules::machine::{Service, Unusable, check},
    transcript::{FORMAT, Mode},
};

const TABLE: &str = include_str!("../../../docs/diagnoses.md");

const SERIAL: Serial = Serial(12_345_678);
const READER: &str = "Yubico YubiKey OTP+FIDO+CCID 00 00";
const PLACE: &str = "the connector 127.0.0.1:12345";
/// What the library says of an error outside of a session.
const LIBRARY: &str = "HSM response error: HSM response error: HSM error (session: N)";

/// Lists the variants of an enum, and names a value's. A variant that is missing from the list does
/// not compile.
macro_rules! variants {
    ($all:ident, $name:ident, $of:ident { $($variant:ident),+ $(,)? }) => {
        const $all: &[&str] = &[$(stringify!($variant)),+];

        fn $name(value: &$of) -> &'static str {
            match value {
                $($of::$variant { .. } => stringify!($variant)),+
            }
        }
    };
}

variants!(
    KINDS,
    kind,
    K {
        ServiceMissing,
        SocketForbidden,
        ServiceForbids,
        ServiceVersion,
        ServiceFailed,
        NotPresent,
        Several,
        Other,
        Removed,
        Forbidden,
        Communication,
        ResetByOther,
        Dead,
        NoPiv,
        SerialHidden,
        WrongPin,
        PinBlocked,
        WrongPuk,
        PukBlocked,
        PinForbidden,
        TouchTimeout,
        NotAuthenticated,
        Unsupported,
        NoKey,
        NotFresh,
        FactoryCredential,
        PinRefused,
        Malformed,
        WrongSignature,
        Refused,
        Panicked,
        Hung,
        SharingViolation,
        Reader,
        NotLoopback,
        NoAnswer,
        Usb,
        Lost,
        SessionsFull,
        LogFull,
        WrongPassword,
        NoRole,
        NotPermitted,
        Used,
        StillOpen,
        KeyThere,
        NoThread,
        Cancelled,
    }
);

variants!(
    PIN_REASONS,
    pin_reason,
    PinRefused {
        TooShortForDevice,
        TooShort,
        TooLong,
        PasswordTooShort,
        OneTimePassword,
        NotPrintable,
        Factory,
        AllSame,
        Run,
        Repeated,
        Common,
        Date,
        SameAsPuk,
    }
);

variants!(
    REFUSALS,
    refusal,
    Refusal {
        Status,
        Code,
        Library,
        NotDone
    }
);

/// Each kind of error, in the words of the table.
fn kinds() -> Vec<K> {
    let pcsc = [
        pcsc::Error::NoMemory,
        pcsc::Error::InternalError,
        pcsc::Error::Timeout,
        pcsc::Error::NotTransacted,
        pcsc::Error::CommDataLost,
        pcsc::Error::UnpoweredCard,
        pcsc::Error::UnresponsiveCard,
        pcsc::Error::ProtoMismatch,
    ];
    let statuses = [
        0x6581, 0x6700, 0x6985, 0x6a80, 0x6a81, 0x6a82, 0x6a84, 0x6a86, 0x6a88, 0x6b00, 0x6d00,
        0x6e00, 0x6f00, 0x9999,
    ];
    let refused = [
        PinRefused::TooShortForDevice,
        PinRefused::TooShort,
        PinRefused::TooLong,
        PinRefused::PasswordTooShort,
        PinRefused::OneTimePassword,
        PinRefused::NotPrintable,
        PinRefused::Factory,
        PinRefused::AllSame,
        PinRefused::Run,
        PinRefused::Repeated,
        PinRefused::Common,
        PinRefused::Date,
    ];
    let mut kinds = vec![
        K::ServiceMissing,
        K::SocketForbidden,
        K::ServiceForbids,
        K::ServiceVersion,
        K::ServiceFailed(pcsc::Error::NoMemory),
        K::Forbidden,
        K::NotPresent,
        K::Several(2),
        K::Other(SERIAL),
        K::Removed,
        K::SharingViolation,
        K::ResetByOther,
        K::NoPiv,
        K::SerialHidden,
        K::WrongPin(2),
        K::WrongPin(1),
        K::PinBlocked,
        K::WrongPuk(2),
        K::WrongPuk(1),
        K::PukBlocked,
        K::PinForbidden(Credential::Pin),
        K::TouchTimeout,
        K::NotAuthenticated,
        K::Unsupported {
            firmware: Some(Firmware::new(4, 3, 5)),
            needs: Firmware::new(5, 3, 0),
        },
        K::NoKey,
        K::NotFresh(Credential::ManagementKey),
        K::FactoryCredential(Credential::ManagementKey),
        K::Malformed(Some("parse error".to_owned())),
        K::WrongSignature("the signature does not verify".to_owned()),
        K::Refused(Refusal::Library(LIBRARY.to_owned())),
        K::Refused(Refusal::Library("generic error".to_owned())),
        K::Refused(Refusal::Code(0x07)),
        K::Refused(Refusal::NotDone("its log continues after the reset")),
        K::Panicked,
        K::Hung(20),
        K::NotLoopback("192.0.2.1:12345".to_owned()),
        K::NoAnswer,
        K::Usb("USB error: Other error".to_owned()),
        K::Lost,
        K::SessionsFull,
        K::LogFull,
        K::WrongPassword(Role::Signer),
        K::NoRole(Role::Administrator),
        K::NotPermitted(Role::Signer),
        K::Used(None),
        K::Used(Some(2)),
        K::StillOpen(Role::Factory),
        K::KeyThere,
        K::NoThread("Resource temporarily unavailable (os error 11)".to_owned()),
        K::Cancelled,
        K::PinRefused(Credential::Puk, PinRefused::SameAsPuk),
    ];
    kinds.extend(
        pcsc.into_iter()
            .flat_map(|e| [K::Reader(e), K::Communication(e), K::Dead(e)]),
    );
    kinds.extend(statuses.map(|status| K::Refused(Refusal::Status(status))));
    kinds.extend(refused.map(|why| K::PinRefused(Credential::Pin, why)));
    kinds
}

/// Every error that a row of the table may be about.
fn errors() -> impl Iterator<Item = DeviceError> {
    use Operation as O;
    let who = [
        Who::YubiKey(SERIAL),
        Who::YubiHsm(SERIAL),
        Who::Reader(READER.to_owned()),
        Who::Place(PLACE.to_owned()),
    ];
    let operations = [
        O::Identify,
        O::Read,
        O::Reset,
        O::Pin,
        O::Provision,
        O::Generate,
        O::Attest,
        O::Sign,
    ];
    who.into_iter().flat_map(move |who| {
        operations.into_iter().flat_map(move |operation| {
            let who = who.clone();
            let error = move |kind| DeviceError::new(who.clone(), operation, kind);
            kinds().into_iter().map(error)
        })
    })
}

/// A text as the table has it.
fn masked(text: &str) -> String {
    text.replace(&SERIAL.to_string(), "NUMBER")
        .replace("127.0.0.1:12345", "127.0.0.1:PORT")
}

/// Message and help of each row.
fn rows() -> Vec<(&'static str, &'static str)> {
    let rows = TABLE.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
        cells.next()?;
        Some((cells.next()?, cells.next()?))
    });
    rows.filter(|row| !matches!(row.0, "message" | "---"))
        .collect()
}

#[test]
fn every_diagnosis_is_seen_whole_at_80_by_24_and_is_printed() {
    let rows = rows();
    assert!(rows.len() > 60, "{} rows", rows.len());
    let errors: Vec<_> = errors().collect();
    for (message, help) in rows {
        let is_row = |error: &&DeviceError| {
            masked(&error.to_string()) == message && masked(&error.help()) == help
        };
        let error = errors.iter().find(is_row);
        let error = error.unwrap_or_else(|| panic!("no error here is the row of {message:?}"));
        let trouble = || {
            Request::Trouble(Trouble {
                holder: handle(3),
                error: error.clone(),
            })
        };

        let mut table = Table::of(&Story::at_enrolment());
        table.request(trouble());
        let picture = table.picture();
        let page = &table.model.page;
        assert!(page.rows() <= page.upper_rows(), "cut off:\n{picture}");
        for words in [
            error.headline(),
            &error.sentence(),
            &error.help(),
            error.safe(),
        ] {
            assert!(table.says(words), "{words:?} is not on\n{picture}");
        }

        let mut paper = Paper::of(&Story::at_enrolment());
        paper.request(trouble());
        let printed = paper.text();
        let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [
            error.headline(),
            &error.sentence(),
            &error.help(),
            error.safe(),
        ] {
            assert!(printed.contains(words), "{words:?} is not in\n{printed}");
        }
    }
}

#[test]
fn every_kind_of_error_has_a_row() {
    let rows = rows();
    let errors: Vec<_> = errors()
        .filter(|error| rows.contains(&(&masked(&error.to_string()), &masked(&error.help()))))
        .collect();
    let kinds: BTreeSet<_> = errors.iter().map(|error| kind(&error.kind)).collect();
    let reasons: BTreeSet<_> = errors
        .iter()
        .filter_map(|error| match &error.kind {
            K::PinRefused(_, reason) => Some(pin_reason(reason)),
            _ => None,
        })
        .collect();
    let refusals: BTreeSet<_> = errors
        .iter()
        .filter_map(|error| match &error.kind {
            K::Refused(how) => Some(refusal(how)),
            _ => None,
        })
        .collect();
    for (all, found) in [(KINDS, kinds), (PIN_REASONS, reasons), (REFUSALS, refusals)] {
        for variant in all {
            assert!(found.contains(variant), "docs/diagnoses.md lacks {variant}");
        }
    }
}

#[test]
fn the_rule_on_the_service_says_what_a_device_error_says() {
    for (kind, why) in [
        (K::SocketForbidden, Unusable::SocketForbidden),
        (K::ServiceForbids, Unusable::Closes),
        (K::ServiceVersion, Unusable::OtherVersion),
    ] {
        let mut machine = machine::examine(&[], false).unwrap();
        machine.service = Some(Service {
            protocol: Err(why),
            socket: "/run/pcscd/pcscd.comm".to_owned(),
            access: None,
            user: 0,
            logging: Vec::new(),
            systemd: false,
        });
        let verdicts = check(&machine, &[], Mode::Live, FORMAT);
        let verdict = verdicts.iter().find(|v| v.rule == Rule::MachinePcsc);
        let verdict = verdict.unwrap();
        let error = DeviceError::new(Who::Unknown, Operation::Identify, kind);
        let message = error.to_string();
        assert!(verdict.detail.contains(&message), "{message}");
        // The rule continues with "then check again".
        let next = verdict.next.replace("; then check", ", then check");
        let next = next.trim_end_matches(", then check again").to_lowercase();
        let help = error.help().to_lowercase();
        assert!(help.starts_with(&next), "{next}\n{help}");
    }
}
