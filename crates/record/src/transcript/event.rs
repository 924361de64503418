//! The events of a ceremony, as the transcript records them.
//!
//! Events hold facts that everybody may read: no event has a place for a secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Branch, Cause, DeviceState, Handed, Mode, Person, PinTries, PlanPart, Program};
use crate::{handle::Handle, rules::scenario::Document};
use keymoot_attestation::Family;
use keymoot_core::digest::Digest;
use keymoot_core::{Verdict, time::Time};
use keymoot_tuf::KeyId;

/// An event. Holders are named by handle, steps by id, documents
/// by file name, files by the digest of their content. [`super::Entry`] keeps members that are unknown here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// The ceremony was begun; always the first event.
    Opened {
        /// The transcript's format, [`super::FORMAT`].
        format: String,
        /// 32 hexadecimal digits from the machine's entropy, naming this run.
        ceremony: String,
        /// Live or rehearsal.
        mode: Mode,
        /// The program that opened it.
        program: Box<Program>,
        /// The script's file.
        script: Digest,
        /// The policy's file.
        policy: Digest,
        /// The roster's file.
        roster: Digest,
        /// What the ceremony starts from: path to content.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        inputs: BTreeMap<String, Digest>,
        /// The settings of a live ceremony: where its bundle goes, and where its devices are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settings: Option<Digest>,
        /// The bags in which the last ceremony left `machine` and devices by serial number, as its
        /// bundle says.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        bags: BTreeMap<String, String>,
        /// The verdicts on the three files.
        verdicts: Vec<Verdict>,
    },
    /// A program was started again on this transcript.
    Resumed {
        /// Bytes of a torn last line that were removed.
        cut: u64,
        /// The program that continues.
        program: Box<Program>,
        /// Whether it is another one than before.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        another: bool,
        /// The settings of a live ceremony, where `--out` changed them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settings: Option<Digest>,
    },
    /// People read the digest of the program or of a part of the plan, and typed its first words.
    PlanRead {
        /// The part.
        part: PlanPart,
        /// The digest.
        digest: Digest,
    },
    /// A step began.
    StepBegun {
        /// The step.
        step: String,
    },
    /// A step is done.
    StepDone {
        /// The step.
        step: String,
    },
    /// keymoot checked the machine.
    MachineChecked {
        /// The verdicts on it.
        verdicts: Vec<Verdict>,
    },
    /// keymoot verified the previous state.
    Loaded {
        /// The verdicts on it.
        verdicts: Vec<Verdict>,
    },
    /// The people in the room compared the newest root with the one that they know.
    NewestRootCompared {
        /// Its version.
        version: u64,
        /// The digest of its signed bytes.
        root: Digest,
        /// The words of the digest that were typed.
        words: String,
    },
    /// A `confirm` step was confirmed, with the typed fields.
    Confirmed {
        /// The step.
        step: String,
        /// Field ids and the typed text.
        fields: BTreeMap<String, String>,
    },
    /// The administrator marked the people present.
    RollCalled {
        /// The handles of those present, in the order of their seats.
        present: Vec<Handle>,
        /// The handles of those who take part apart from the table, likewise.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        apart: Vec<Handle>,
        /// The names of the witnesses present, in the roster's order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        witnesses: Vec<String>,
    },
    /// A person came after the roll call, or came back.
    Arrived {
        /// The person.
        person: Person,
    },
    /// A person left the room.
    Departed {
        /// The person.
        person: Person,
    },
    /// The ceremony ends without its purpose: it can only close and export its record.
    EndedWithout {
        /// The cause.
        cause: Cause,
        /// The reason, in one line.
        reason: String,
    },
    /// Holders apart are asked to answer: the request was written.
    Requested {
        /// The digest of the request's file. It holds the ceremony up to the line before this one.
        request: Digest,
        /// The handles of those who are asked, in the order of their seats.
        to: Vec<Handle>,
        /// When the answers are due.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
        /// The channel by which the request goes out, as the administrator typed it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// A request is withdrawn: holders who have not answered it are not awaited any more.
    Withdrawn {
        /// The digest of the request's file.
        request: Digest,
        /// The reason, as the administrator typed it.
        why: String,
    },
    /// A holder apart has answered a request.
    Answered {
        /// The holder.
        holder: Handle,
        /// The digest of the request's file.
        request: Digest,
        /// The holder's turn: entries that follow the request's head.
        branch: Branch,
        /// The statement over it, signed by the holder's key: a DSSE envelope.
        statement: Digest,
        /// Whether it came after the day that the request names.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        late: bool,
    },
    /// A holder apart declines, or somebody says so: nothing proves who wrote it.
    Declined {
        /// The holder.
        holder: Handle,
        /// The digest of the request's file.
        request: Digest,
        /// The reason, as it was written.
        why: String,
    },
    /// In a branch: a holder apart begins to answer a request.
    AnswerBegun {
        /// The holder.
        holder: Handle,
        /// The digest of the request's file.
        request: Digest,
        /// The program that answers.
        program: Box<Program>,
        /// The expectations that the request was verified against.
        expected: String,
        /// The digest of the root that the holder trusts already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trusted_root: Option<Digest>,
    },
    /// In a branch: the holder read the request and typed the first words of its digest.
    RequestRead {
        /// The holder.
        holder: Handle,
        /// The digest of the request's file.
        request: Digest,
        /// The second channel over which its words were compared; empty if nobody compared them.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        compared: String,
    },
    /// In a branch: a device is about to sign the statement of the answer.
    AnswerAnnounced {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
    },
    /// On the holder's side: the statement was signed. It is over the entries before this one.
    AnswerSigned {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// The statement, a DSSE envelope.
        statement: Digest,
    },
    /// A holder's turn began.
    TurnBegun {
        /// The holder.
        holder: Handle,
    },
    /// A holder's turn ended.
    TurnEnded {
        /// The holder.
        holder: Handle,
        /// Why, if the turn's purpose was not reached.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unfinished: Option<String>,
    },
    /// The holder's device was read.
    DeviceSeen {
        /// The holder.
        holder: Handle,
        /// The serial number it reports.
        serial: u32,
        /// Its family; a YubiKey where it is not given.
        #[serde(default, skip_serializing_if = "Family::is_yubikey")]
        family: Family,
        /// The firmware it reports.
        firmware: String,
        /// Whether something must be erased before it can be used.
        used: bool,
        /// Its contents, where they were read. Transcripts of format 1 do not have them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<Box<DeviceState>>,
        /// The verdicts on it.
        verdicts: Vec<Verdict>,
    },
    /// The holder read the serial number off the device's case, and it is the same.
    DeviceConfirmed {
        /// The holder.
        holder: Handle,
        /// The serial number.
        serial: u32,
    },
    /// The device is not the one to continue with; another may be inserted.
    DeviceSetAside {
        /// The holder.
        holder: Handle,
        /// The serial number.
        serial: u32,
    },
    /// The PIV application of the device is about to be erased; a YubiHSM 2 is to be
    /// reset as a whole.
    ResetAnnounced {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
    },
    /// It was erased.
    ResetDone {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
    },
    /// The PUK and the management key, or the passwords of a YubiHSM 2, were kept
    /// before the device gets them.
    EscrowKept {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// The age file sealed to the holder; absent where they were displayed once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sealed: Option<Digest>,
    },
    /// The holder has the file that was sealed in this turn.
    EscrowHanded {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// How it reached the holder.
        how: Handed,
    },
    /// PIN, PUK and management key, or passwords, were set, and no factory value
    /// answers any more.
    Provisioned {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// The tries that a YubiKey's PIN and PUK have now. Transcripts of format 1 do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tries: Option<PinTries>,
        /// The verdicts on it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        verdicts: Vec<Verdict>,
    },
    /// A key is about to be generated in slot 9c.
    GenerateAnnounced {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
    },
    /// The key in slot 9c.
    KeyGenerated {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// Its SubjectPublicKeyInfo (RFC 5280), DER in hexadecimal.
        #[serde(with = "hex::serde")]
        spki: Vec<u8>,
        /// Whether it was found on the device after an interruption and adopted
        /// on a person's word.
        adopted: bool,
    },
    /// After an interruption, or where a holder brings a key: keymoot read that slot 9c holds one.
    KeyFound {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// Its SubjectPublicKeyInfo, DER in hexadecimal.
        #[serde(with = "hex::serde")]
        spki: Vec<u8>,
    },
    /// In the same cases, keymoot read that slot 9c is empty.
    KeyMissing {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
    },
    /// keymoot read and verified the key's attestation.
    Attested {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// The slot's attestation certificate.
        attestation: Digest,
        /// The device's certificate.
        device: Digest,
        /// The verdicts on it.
        verdicts: Vec<Verdict>,
    },
    /// The device is about to sign the statement of enrolment.
    StatementAnnounced {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
    },
    /// The holder's key, proven: the signed statement is kept.
    Enrolled {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// The signed statement, a DSSE envelope.
        statement: Digest,
        /// The holder's handle in the previous root, where the holder was renamed and the key is
        /// the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        formerly: Option<Handle>,
    },
    /// A document was built and checked.
    Proposed {
        /// The document.
        document: Document,
        /// The moment from which its dates are counted.
        made: Time,
        /// The document's file, without signatures.
        file: Digest,
        /// The bytes to be signed.
        signed: Digest,
        /// The verdicts on it.
        verdicts: Vec<Verdict>,
    },
    /// The people in the room read a document.
    Reviewed {
        /// The document.
        document: Document,
        /// The bytes to be signed.
        signed: Digest,
    },
    /// A device is about to sign a document.
    SignAnnounced {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// The document.
        document: Document,
        /// The bytes to be signed.
        signed: Digest,
    },
    /// It was signed, and two implementations agree that the signature is good.
    Signed {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// The document.
        document: Document,
        /// The bytes that were signed.
        signed: Digest,
        /// The key's id in the document.
        keyid: KeyId,
        /// The signature, hexadecimal.
        #[serde(with = "hex::serde")]
        signature: Vec<u8>,
    },
    /// The device has signed all it could; the holder takes it out and inserts
    /// another.
    DeviceExchanged {
        /// The holder.
        holder: Handle,
        /// The device that was taken out.
        serial: u32,
    },
    /// The holder's key signed a presence proof: the signed statement is kept.
    Proved {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// The signed statement, a DSSE envelope.
        statement: Digest,
    },
    /// keymoot read the audit log of a YubiHSM 2, and compared it with the commands sent.
    LogRead {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// The device's answer to GET LOG ENTRIES.
        log: Digest,
        /// The commands sent to it since its reset, or since the ceremony began.
        sent: Digest,
        /// The verdicts on it.
        verdicts: Vec<Verdict>,
    },
    /// The people in the room continue with the signatures they have.
    Enough {
        /// The step.
        step: String,
    },
    /// The signed documents were verified.
    Verified {
        /// The verdicts on them.
        verdicts: Vec<Verdict>,
    },
    /// The transcript of the bundle ends here. Later events are about the bundle.
    Sealed {
        /// Further files of the bundle: the
        /// simulated devices of a rehearsal. Path in the bundle to content.
        attachments: BTreeMap<String, Digest>,
    },
    /// keymoot made the manifest from the sealed transcript.
    ManifestMade {
        /// The digest of MANIFEST.json.
        manifest: Digest,
    },
    /// A device is about to sign the manifest.
    CloseAnnounced {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
    },
    /// A holder signed the manifest.
    Closed {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// The key's id in root.json.
        keyid: KeyId,
        /// The signature, hexadecimal.
        #[serde(with = "hex::serde")]
        signature: Vec<u8>,
    },
    /// keymoot wrote the bundle to its place, and read it back.
    Exported {
        /// The digest of MANIFEST.json.
        manifest: Digest,
    },
    /// The plan was changed before anybody signed. The enrolments stay.
    Amended {
        /// The new policy's file, where it changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<Digest>,
        /// The new roster's file, where it changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        roster: Option<Digest>,
        /// The reason, in one line.
        reason: String,
        /// The verdicts on the amended plan.
        verdicts: Vec<Verdict>,
    },
    /// A blocked PIN was unblocked with the PUK, and the holder chose a new one. Transcripts of
    /// format 1 have no such event.
    PinUnblocked {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
    },
    /// A device error, after which nothing is lost.
    Mishap {
        /// The holder at the table.
        holder: Handle,
        /// The error.
        what: String,
        /// The device whose PIN is blocked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blocked: Option<u32>,
    },
    /// The administrator recorded a note.
    Note {
        /// Its text.
        text: String,
    },
    /// Something did not go as the script says.
    Exception {
        /// What was expected.
        expected: String,
        /// What happened.
        happened: String,
        /// What the people in the room decided.
        decided: String,
    },
    /// The ceremony was left on purpose, to be resumed.
    Left {},
}

impl Event {
    /// Whether a secret is typed or a key signs for it: a machine must pass its check
    /// before. The seal is followed by the closing signatures.
    #[must_use]
    pub(crate) fn relies_on_machine(&self) -> bool {
        matches!(
            self,
            Self::EscrowKept { .. }
                | Self::Provisioned { .. }
                | Self::GenerateAnnounced { .. }
                | Self::KeyGenerated { .. }
                | Self::StatementAnnounced { .. }
                | Self::Enrolled { .. }
                | Self::SignAnnounced { .. }
                | Self::Signed { .. }
                | Self::Proved { .. }
                | Self::Sealed { .. }
                | Self::CloseAnnounced { .. }
                | Self::Closed { .. }
        )
    }
}
