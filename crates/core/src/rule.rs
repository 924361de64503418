//! The rules: every check has one id, one claim and one entry in `docs/rules.md`.

use std::{fmt, str::FromStr};

/// Makes [`Rule`] from one table: variant, id, the first format (1 where it is not given) whose
/// records can answer it, claim.
macro_rules! rules {
    ($($(#[$attribute:meta])* $name:ident = $id:literal $(since $since:literal)?: $claim:literal;)*) => {
        /// One check of a ceremony or of its bundle, in the order of `docs/rules.md`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$attribute])* #[doc = $claim] $name,)*
        }

        impl Rule {
            /// Every rule that this program knows.
            pub const ALL: &[Self] = &[$($(#[$attribute])* Self::$name,)*];

            /// Its id, such as `KEY-DISTINCT`. An id never changes and is never used again.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $($(#[$attribute])* Self::$name => $id,)*
                }
            }

            /// The claim: true where the rule passes.
            #[must_use]
            pub const fn claim(self) -> &'static str {
                match self {
                    $($(#[$attribute])* Self::$name => $claim,)*
                }
            }

            /// The number of the first transcript format whose record can answer it. Above 1 only
            /// where a rule needs a record that older programs did not write: the verifier of their
            /// bundles skips it. A rule about what the verifier itself compares has 1, so that no
            /// bundle escapes it by naming an old format.
            #[must_use]
            pub const fn since(self) -> u32 {
                match self {
                    $($(#[$attribute])* Self::$name => first_format!($($since)?),)*
                }
            }
        }
    };
}

macro_rules! first_format {
    () => {
        1
    };
    ($since:literal) => {
        $since
    };
}

rules! {
    ScriptRead = "SCRIPT-READ":
        "the script is TOML of the format `keymoot-script-1`, of at most 256 KiB, with no unknown \
         field and none missing.";
    ScriptIds = "SCRIPT-IDS":
        "every step has an id of its own: 1 to 40 of `a-z`, `0-9` and `-`.";
    ScriptFields = "SCRIPT-FIELDS":
        "every step has what its kind needs and nothing else. Only `confirm` has fields, each with \
         its own id. Only `propose`, `review`, `sign` and `verify` have documents. Every step has \
         a title, words, and 1 to 480 minutes. Titles and labels have at most 200 characters, \
         words at most 4000.";
    ScriptOrder = "SCRIPT-ORDER":
        "every step comes after the steps that it needs. Only `confirm` may occur twice, only \
         `confirm` and `export` may follow `close`, and the last step exports.";
    ScriptDocuments = "SCRIPT-DOCUMENTS":
        "the script signs the documents of its scenario: every one that exists, and no other. For \
         an authorised file these are the documents that list a changed one.";
    ScriptExpected = "SCRIPT-EXPECTED":
        "the script has every step of the released script of its name, in order, with the same \
         kinds, confirmers, fields and documents; with `--script` it is that very file.";

    PolicyRead = "POLICY-READ":
        "the policy is TOML of at most 256 KiB with no unknown field and none missing.";
    PolicyBounds = "POLICY-BOUNDS":
        "a ceremony can succeed with the policy's values. The format is `keymoot-policy-1`. The \
         threshold is a majority of at most 64 holders, and at least 2. Firmware is written \
         `major.minor.patch`. The clock margin is 1 to 1440 minutes. Periods are 1 to 1100 days \
         and longer than the margin. The signing period is shorter than the expiry period, and \
         not zero in `tufops` and `tuf-ci`. Every delegation has a valid name of its own, a \
         threshold that its keys can meet, and no key twice. The delegated roles have at most 256 \
         patterns of 4096 characters together. Every `uri` is printable ASCII without spaces.";
    PolicyOnline = "POLICY-ONLINE":
        "the policy names the online key of snapshot and timestamp, and the program can read it.";
    PolicyReach = "POLICY-REACH":
        "clients reach every role for every path that it has: no terminating role before it covers \
         the path.";
    PolicyPrevious = "POLICY-PREVIOUS":
        "the policy says what the previous documents say: thresholds, number of keys, periods, \
         the online key, the delegations in their order with thresholds, keys, paths and \
         `terminating`. In `change-policy` it says something else, or the roster renames an \
         account.";
    PolicyExpected = "POLICY-EXPECTED":
        "the policy is at least as strong as the verifier expects: quorum, bounds on people, \
         firmware, keys that holders bring, periods and algorithms, and with `--policy` it is \
         that very file.";

    RosterRead = "ROSTER-READ":
        "the roster is TOML of the format `keymoot-roster-1`, of at most 256 KiB, with no unknown \
         field and none missing. Every handle is 1 to 39 of `a-z`, `0-9` and `-`, with no `-` at \
         either end. Every country is an ISO 3166-1 code, or XA to XZ. Every `age_recipient` is \
         an X25519 recipient of age, and every `key` of a witness the fingerprint of an OpenSSH key.";
    RosterSize = "ROSTER-SIZE":
        "the roster names as many holders as the policy's quorum has (nine).";
    RosterDistinct = "ROSTER-DISTINCT":
        "no handle, no name and no `age_recipient` is in it twice: administrator, witnesses, holders \
         and leavers are different people. Names that look alike are the same name.";
    RosterDevices = "ROSTER-DEVICES":
        "no serial number is listed twice. No listed device has a key of somebody else, or is \
         listed as revoked. For a holder who replaces a key, it is not only the device of that \
         key.";
    RosterEmployer = "ROSTER-EMPLOYER":
        "no more holders share an employer than the policy allows (three). `none` is no employer. \
         Employers whose names look alike count as one.";
    RosterCountry = "ROSTER-COUNTRY":
        "no more residents or citizens of one country are holders than the policy allows (three).";
    RosterComplete = "ROSTER-COMPLETE":
        "everyone has a name, and every holder an employer (or `none`). No name and no reason in \
         the roster has more than 200 characters, or an invisible one.";
    RosterRecipient = "ROSTER-RECIPIENT" since 2:
        "in a live ceremony that sets devices up, every holder with an `age_recipient` has opened a \
         file that was sealed to it, and the roster has the words of it.";
    RosterExpected = "ROSTER-EXPECTED":
        "the people are at least as independent as the verifier expects, and a live ceremony has \
         its witnesses; with `--roster` it is that very file.";
    RosterChange = "ROSTER-CHANGE":
        "everyone who held a key is a holder or a `[[leaver]]`, not both; a `[[renamed]]` holder \
         keeps the key. Nobody joins, leaves, is renamed or takes a new device, and no key is \
         revoked, unless the scenario allows it. Each `[[leaver]]` and `[[revoke]]` gives a \
         reason. Each `[[revoke]]` names another device, with a published enrolment, that nobody \
         revoked before. An emergency revokes or replaces a key. If the scenario signs a root, at \
         least as many keys of the previous root are left as its threshold.";

    PlanLive = "PLAN-LIVE":
        "a live ceremony has a witness, and nothing from a rehearsal: no country XA to XZ, no \
         `simulated:` address, no document with a rehearsal's mark and no rehearsal's enrolment.";

    MachineNetwork = "MACHINE-NETWORK":
        "no network interface is up except loopback.";
    MachineRadio = "MACHINE-RADIO":
        "every radio that the kernel knows is blocked, by a switch or by a program.";
    MachineSwap = "MACHINE-SWAP":
        "no swap area is in use.";
    MachineHibernation = "MACHINE-HIBERNATION":
        "the machine cannot write its memory to a disk and switch off.";
    MachineCore = "MACHINE-CORE":
        "nothing can write a core dump of this process, or give it to a program.";
    MachineMemory = "MACHINE-MEMORY":
        "this process's memory is locked: the kernel keeps it out of swap.";
    MachineTrace = "MACHINE-TRACE":
        "no process traces this one, and only root's processes may read its memory.";
    MachineAlone = "MACHINE-ALONE":
        "nobody has logged in, except at the terminal of this program and the terminals that \
         started it.";
    MachineSpace = "MACHINE-SPACE":
        "64 MiB or more are free where the ceremony's folder is and where the bundle will be.";
    MachineService = "MACHINE-SERVICE":
        "`PCSCLITE_CSOCK_NAME` is not set.";
    MachineClock = "MACHINE-CLOCK":
        "the clock shows 2026 or later, and is not behind the end of the previous ceremony, the \
         date of the previous root, or the last line of this transcript.";
    MachineWatch = "MACHINE-WATCH":
        "if the script asks for the time on the wall clock, it differs from the machine's by at \
         most five minutes. *Not asked* in a rehearsal, and if the script asks for no time.";
    MachineEntropy = "MACHINE-ENTROPY":
        "the system's random generator gives bytes.";
    #[cfg(later_version)] MachineLater = "MACHINE-LATER" since 3:
        "a rule of a later version, which only tests of old records have.";
    MachineExamined = "MACHINE-EXAMINED":
        "the transcript says that every MACHINE rule was checked and none was violated. In a live \
         ceremony, it says that all passed.";

    MachineLoaded = "MACHINE-LOADED" since 2:
        "the process has no code except the program and its linked libraries, and no `LD_*` \
         variable and no /etc/ld.so.preload asks for more.";
    MachinePcsc = "MACHINE-PCSC" since 2:
        "if a holder brings a YubiKey, the smart card service serves this user and does not log \
         commands to devices. Its socket belongs to root or to keymoot's user, and is not open to \
         every user.";
    MachineResumed = "MACHINE-RESUMED" since 2:
        "after each `resumed` the machine passed every MACHINE rule again, before the next secret \
         or signature.";
    PlanRead = "PLAN-READ" since 2:
        "before the first step, people read the digests of program, policy, roster and script.";

    DeviceDistinct = "DEVICE-DISTINCT":
        "nobody has enrolled the device that a holder brings, in this ceremony or an earlier one. \
         No device and no key is in the published enrolments of two holders, unless the key \
         signed that its holder was renamed.";
    DeviceExpected = "DEVICE-EXPECTED":
        "if the roster lists devices for this holder, it is one of them; if not, it is listed \
         for nobody else.";
    DeviceEnrolled = "DEVICE-ENROLLED":
        "a holder who comes to sign brings the right device: the one whose key is in the root or, \
         in a change of keys, also the one whose key leaves the root. A renamed holder brings the \
         device of the key that stays.";
    DeviceEvidence = "DEVICE-EVIDENCE":
        "the evidence is one attestation of a key and one device certificate, of a YubiKey or of \
         a YubiHSM 2, and nothing else.";
    DeviceChain = "DEVICE-CHAIN":
        "a pinned key of the vendor attests the device, through the right roles, and the device \
         attests that it generated the key.";
    DeviceConsistent = "DEVICE-CONSISTENT":
        "the attested facts can be true together: algorithm, firmware, form factor, serial \
         number, and the hierarchy that the chain leads to. The transcript names the same firmware.";
    DeviceOrigin = "DEVICE-ORIGIN":
        "the device generated the key itself.";
    DeviceExportable = "DEVICE-EXPORTABLE":
        "the key cannot leave the device.";
    DeviceAudit = "DEVICE-AUDIT":
        "since its reset, a YubiHSM 2 has performed the commands of this program, and no others.";
    DeviceValidity = "DEVICE-VALIDITY":
        "the certificates were valid when the program read them.";
    DeviceKey = "DEVICE-KEY":
        "the attested key is the one that goes into root.json.";
    DeviceTrust = "DEVICE-TRUST":
        "the vendor's certificates that the program trusts are sound.";
    DeviceSerial = "DEVICE-SERIAL":
        "the attested serial number is the device's.";
    DeviceSlot = "DEVICE-SLOT":
        "the key is in slot 9c.";
    DevicePin = "DEVICE-PIN":
        "the device asks for the PIN at every signature, unless the policy lets holders bring \
         keys that ask for it once a session.";
    DeviceTouch = "DEVICE-TOUCH":
        "the device asks for a touch at every signature, unless the policy lets holders bring \
         keys that ask again after 15 seconds.";
    DeviceTries = "DEVICE-TRIES" since 2:
        "PIN and PUK of a YubiKey block after three wrong tries, after set-up and at every \
         signature.";
    DeviceRights = "DEVICE-RIGHTS":
        "the key in a YubiHSM 2 can sign with ECDSA and nothing else, in one domain.";
    DeviceFirmware = "DEVICE-FIRMWARE":
        "the firmware is at least the policy's (5.7.4; of a YubiHSM 2, 2.4.0), and of a YubiKey Bio \
         at least 5.7.2.";

    KeyAlgorithm = "KEY-ALGORITHM":
        "the key is ECDSA on P-256. So is every key of a service or a team in a document, unless \
         the policy allows another algorithm.";
    KeyDistinct = "KEY-DISTINCT":
        "no other holder has enrolled this key or this device.";
    KeyPossession = "KEY-POSSESSION":
        "the key itself has signed that this holder enrols it with this device, at this point of \
         this ceremony.";
    KeyPublished = "KEY-PUBLISHED":
        "every key of the previous root that stays has a published enrolment of this ceremony's \
         mode: the certificates, the key, and the statement that the key signed.";
    KeyRevoked = "KEY-REVOKED":
        "no key that an earlier ceremony revoked, and no device that held one, takes part in this \
         ceremony.";

    RootPrevious = "ROOT-PREVIOUS":
        "the previous root is there, is the newest of its history byte for byte, and follows from \
         the first root, or from the one given with `--trusted-root`, version by version.";
    RootNewest = "ROOT-NEWEST":
        "no newer root is known: the root given with `--trusted-root` is the newest root of the \
         previous state or of the bundle, or an earlier one of its history. A live ceremony with a \
         previous state has such a root.";
    RootDraft = "ROOT-DRAFT":
        "the proposal is a root, and it follows from script, policy and keys.";
    RootVersion = "ROOT-VERSION":
        "a root has exactly the version after the previous one; a first root has version 1.";
    RootExpiry = "ROOT-EXPIRY":
        "it expires when the policy says, counted from when it was made, less the margin for \
         clocks that run ahead; and it says its periods.";
    RootQuorum = "ROOT-QUORUM":
        "root and targets ask for the policy's threshold (5), and each names as many distinct \
         keys as there are holders (9).";
    RootKeys = "ROOT-KEYS":
        "root and targets name exactly the enrolled keys, each under its holder.";
    RootOnline = "ROOT-ONLINE":
        "snapshot and timestamp are signed by the policy's online key alone, with the policy's \
         periods.";
    RootSnapshot = "ROOT-SNAPSHOT":
        "consistent snapshots are on.";
    RootMark = "ROOT-MARK":
        "a rehearsal's root has `x-keymoot-rehearsal` with the ceremony's name, and a live one has \
         no mark.";
    RootChange = "ROOT-CHANGE":
        "only what the scenario allows differs from the previous root, and rules cover everything \
         in the document.";

    TargetsVersion = "TARGETS-VERSION":
        "`targets.json` has the version after the previous one, or 1.";
    TargetsExpiry = "TARGETS-EXPIRY":
        "it expires when the policy says, counted from when it was made, less the margin for \
         clocks that run ahead; and it says its periods where its dialect writes them there.";
    TargetsMark = "TARGETS-MARK":
        "a rehearsal's document has `x-keymoot-rehearsal` with the ceremony's name, and a live one \
         has no mark.";
    TargetsChange = "TARGETS-CHANGE":
        "only what the scenario allows differs from the previous version, and rules cover \
         everything in the document.";

    CratesRoot = "CRATES-ROOT":
        "the root of tuf-crates is signed by its own threshold. So is every root since the last \
         one that the quorum signed, and each by the threshold of the root before it. A new one \
         has a higher version, clients accept its form, and it has not expired.";
    CratesGiven = "CRATES-GIVEN":
        "a ceremony that signs a root of tuf-crates has one, and only scenarios that bring a new \
         one have a new one.";
    CratesFile = "CRATES-FILE":
        "`crates.json` signs one target, `crates/root.json`, with the length and the SHA-256 of \
         the published root of tuf-crates, and delegates to nobody.";
    CratesVersion = "CRATES-VERSION":
        "`crates.json` has the version after the previous one, or 1.";
    CratesExpiry = "CRATES-EXPIRY":
        "it expires when the policy's `[targets]` says, and says its periods where its dialect \
         writes them there.";
    CratesMark = "CRATES-MARK":
        "in a rehearsal it has the mark of a rehearsal, and in a live ceremony it has none.";
    CratesChange = "CRATES-CHANGE":
        "only version, expiry and mark differ from the previous version and, if the quorum signs a \
         new root, its one file.";

    DelegationPrevious = "DELEGATION-PREVIOUS":
        "if there is a previous `targets.json` or `crates.json`, the threshold of its delegator \
         signed it.";
    DelegationRoles = "DELEGATION-ROLES":
        "`targets.json` delegates to `crates`, by the quorum's keys and threshold, and to the \
         roles of the policy in their order, each by its keys and threshold, for its own paths \
         alone, and terminating.";
    DelegationFiles = "DELEGATION-FILES":
        "`targets.json` itself signs only the list of revoked keys and the policy's authorised \
         files. In format 1, it signs no file.";
    RevokedAuthorised = "REVOKED-AUTHORISED" since 2:
        "`targets.json` signs `revoked.json`, the list of revoked keys, with its length and \
         SHA-256. The list of the previous state is the one that its `targets.json` signs.";

    AuthorisedGiven = "AUTHORISED-GIVEN":
        "each authorised file of the policy is given or is in the previous state, and no other \
         file is. Only an occasion that brings files has a new or a changed one.";
    AuthorisedKind = "AUTHORISED-KIND":
        "each of these files is what its kind says. A public key is readable. A root is signed by \
         its own threshold and by that of the root that it replaces, and clients accept the form of \
         a new one. A file has at most 1 MiB.";

    SignatureTwice = "SIGNATURE-TWICE":
        "two implementations accept every signature on a document.";
    SignatureQuorum = "SIGNATURE-QUORUM":
        "each document, read back from its final bytes, is signed by the threshold of its \
         delegator. A root is signed by its own threshold and by that of the root before it.";

    QuorumPresent = "QUORUM-PRESENT":
        "where all holders are asked to come (`annual-resign`, `heartbeat`), at least the root's \
         threshold of keys have signed in this ceremony.";

    TranscriptChain = "TRANSCRIPT-CHAIN":
        "every line of the transcript is canonical and names the SHA-256 of the line before it.";
    TranscriptReplay = "TRANSCRIPT-REPLAY":
        "the script allows every event after the ones before it.";
    TranscriptTime = "TRANSCRIPT-TIME":
        "the clock never went back, and every document has the date of its line.";
    TranscriptSettings = "TRANSCRIPT-SETTINGS":
        "`settings.json` is the one that the transcript recorded. In a rehearsal, it says `rehearsal`.";
    TranscriptProgram = "TRANSCRIPT-PROGRAM":
        "one program recorded the ceremony from its first line to its last.";
    TranscriptExpected = "TRANSCRIPT-EXPECTED":
        "the transcript of a live ceremony has at least the format that the verifier expects.";

    BundleManifest = "BUNDLE-MANIFEST":
        "MANIFEST.json is there and is written exactly as this program writes it.";
    BundleFiles = "BUNDLE-FILES":
        "exactly the listed files are there, each with its size and SHA-256, and \
         MANIFEST.sigs.json.";
    BundleMode = "BUNDLE-MODE":
        "the bundle is of the mode that was asked for: live, or rehearsal with `--rehearsal`.";
    BundleHead = "BUNDLE-HEAD":
        "the manifest names the transcript's ceremony, mode and head, and the transcript ends \
         with its seal.";
    BundleDerived = "BUNDLE-DERIVED":
        "every file follows from the transcript, byte for byte. In a report with another \
         derivation revision, every fact does.";
    BundleAccount = "BUNDLE-ACCOUNT":
        "report.html and report.md have the derivation revision of this program, so that their \
         prose was compared.";
    BundleSbom = "BUNDLE-SBOM":
        "each program that recorded the ceremony has a bill of materials that names it by version \
         and digest.";
    BundleComplete = "BUNDLE-COMPLETE":
        "the ceremony reached its purpose; with `--ended`, it ended without it.";
    BundleClosed = "BUNDLE-CLOSED":
        "at least the threshold of distinct enrolled keys have signed the manifest's exact bytes, \
         and no other signature is there. In `quorum-lost`, one key is enough. If the ceremony \
         ended without its purpose, one key of those present is enough, if there is any.";
    BundleInputs = "BUNDLE-INPUTS" since 2:
        "a rule checks every file that the ceremony starts from.";
    BundleAfter = "BUNDLE-AFTER" since 2:
        "the lines after the seal are there, continue the sealed chain, and may follow it. Nobody \
         signed them.";
    BundlePrevious = "BUNDLE-PREVIOUS":
        "the bundle that a ceremony starts from was closed by at least its policy's threshold of \
         keys, its scenario is not `quorum-lost`, and it did not end without its purpose.";
    BundleTrusted = "BUNDLE-TRUSTED":
        "the bundle's root is the one given with `--trusted-root`, or follows from it version by \
         version.";
    BundlePublished = "BUNDLE-PUBLISHED":
        "the transcript's head is the one given with `--published`, which people published elsewhere \
         at once after the ceremony.";
    BundleFork = "BUNDLE-FORK":
        "bundles of one ceremony that are given together have one history.";

    RequestRead = "REQUEST-READ":
        "the request is a file of the format `keymoot-request-1`, of at most 8 MiB, written \
         exactly as this program writes it.";
    RequestAsked = "REQUEST-ASKED":
        "the request asks its holders for what the ceremony needs from them, at the head of its \
         transcript.";
    RequestDerived = "REQUEST-DERIVED" since 2:
        "every request that the transcript records is the record up to the line before it, byte \
         for byte.";

    AnswerRead = "ANSWER-READ":
        "the answer is a file of the format `keymoot-answer-1`, or its text form, written exactly \
         as this program writes it.";
    AnswerCeremony = "ANSWER-CEREMONY":
        "the answer belongs to this ceremony.";
    AnswerHead = "ANSWER-HEAD":
        "the answer is to a request that this ceremony made and did not withdraw, and its branch \
         follows the head of that request.";
    AnswerHolder = "ANSWER-HOLDER":
        "the request asked the holder who answers.";
    AnswerBranch = "ANSWER-BRANCH":
        "the branch is one turn of this holder and nothing else, the script allows every entry \
         after the ones before it, and exactly the files that it names are there.";
    AnswerMachine = "ANSWER-MACHINE" since 2:
        "the branch says that every MACHINE rule was checked on the holder's machine and none was \
         violated. In a live ceremony, it says that all passed.";
    AnswerSigned = "ANSWER-SIGNED" since 2:
        "the statement over the answer matches its branch, and an enrolled key of the holder \
         signed it.";
    AnswerFork = "ANSWER-FORK":
        "each holder has one answer to a request, and all requests of a ceremony follow one \
         transcript.";

    EventLayout = "EVENT-LAYOUT":
        "base and tree are checkouts of one repository, written as tuf-on-ci, tufops or tuf-ci \
         writes it; every document can be read, and the history has the current root, byte for byte.";
    EventRoot = "EVENT-ROOT":
        "the event keeps the base's root or brings the next version, and changes nothing else in \
         the history.";
    EventVersion = "EVENT-VERSION":
        "every document that the event changes has the version after the base's, and a new one \
         version 1.";
    EventRole = "EVENT-ROLE":
        "the event changes only documents that people sign, and only those that its branch \
         (`sign/ROLE-vVERSION`) and `--role` name.";
    EventState = "EVENT-STATE":
        "no invitation is open and no change of the configuration is pending. Either would change \
         a document after it is signed.";
    EventKeys = "EVENT-KEYS":
        "no key changes its holder, no id names another key than before, and the id of a new key is \
         the hash that its dialect gives it.";
    EventSignatures = "EVENT-SIGNATURES":
        "every signature on a document of the event verifies, by a key that may sign it.";
    EventClients = "EVENT-CLIENTS":
        "the event brings nothing into a document that keymoot can read and clients refuse, such as a \
         threshold that the keys of its role cannot meet.";
    EventExpiry = "EVENT-EXPIRY":
        "no document of the event has expired, or lasts longer than one signed now would, with a day \
         for clocks that differ.";
    EventOwed = "EVENT-OWED":
        "the event still needs a signature of this holder, with the key in the device.";
    EventUnchanged = "EVENT-UNCHANGED":
        "from the review to the last signature no file of the event changes.";

    WitnessRead = "WITNESS-READ":
        "the statement of a witness is a file of the format `keymoot-witness-1`, written exactly as \
         this program writes it.";
    WitnessSigned = "WITNESS-SIGNED":
        "an OpenSSH key (Ed25519) signed the statement, for the purpose `vnd.keymoot.witness`.";
    WitnessStated = "WITNESS-STATED":
        "the statement is of this bundle: the same ceremony, mode, head and digest of \
         MANIFEST.json.";
    WitnessKey = "WITNESS-KEY":
        "a statement is signed by the key that the verifier or the roster names for its witness. \
         With `--witness-key` there is such a statement.";

    ReceiptRead = "RECEIPT-READ":
        "the receipt is a DSSE envelope of the type `application/vnd.keymoot.receipt+json`, written \
         exactly as this program writes it, of the mode that was asked for.";
    ReceiptSigned = "RECEIPT-SIGNED":
        "the key that the receipt names signed it.";
    ReceiptTree = "RECEIPT-TREE":
        "each document of the receipt is in the checkout with the digest that it states, and with a \
         signature by the receipt's key.";

    ExportDialect = "EXPORT-DIALECT":
        "the dialect asked for is the dialect of the bundle's documents.";
    ExportRepository = "EXPORT-REPOSITORY":
        "the bundle holds a root of the repository asked for.";
    ExportTree = "EXPORT-TREE":
        "every path that the export reads or writes leads through folders, and through no link.";
    ExportEvent = "EXPORT-EVENT":
        "no signing event of another tool is open in this tree.";
    ExportHistory = "EXPORT-HISTORY":
        "every root that the tree holds is in the bundle's history, byte for byte.";
    ExportVersion = "EXPORT-VERSION":
        "no other document of the tree is newer than the bundle's, or differs from it at the same \
         version.";
    ExportRevoked = "EXPORT-REVOKED":
        "every key that the tree lists as revoked is in the bundle's list.";
    ExportExpiry = "EXPORT-EXPIRY":
        "each document lasts longer than its signing period, and not longer than a document signed \
         now.";

    TreeKeys = "TREE-KEYS":
        "every key of every root of a published repository has a published enrolment, by the same \
         holder, renamed or not, and of the repository's mode.";
    TreeDocuments = "TREE-DOCUMENTS":
        "each document below the root is signed by the keys that its delegator names. The \
         documents agree: versions, lengths, hashes, and the names of files that a role may list.";
    TreeTargets = "TREE-TARGETS":
        "every target file that a document lists is there, with its length and its hashes.";

    AuditRoot = "AUDIT-ROOT":
        "every root follows from the trusted one, version by version, by the thresholds of both.";
    AuditAuthorised = "AUDIT-AUTHORISED":
        "the newest root of tuf-crates on the mirror is the file that the quorum authorised, byte \
         for byte.";
    AuditDocuments = "AUDIT-DOCUMENTS":
        "a chain of signed documents that agree leads from the root to the one that lists the file.";
    AuditFresh = "AUDIT-FRESH":
        "no document on the way has expired.";
    AuditRollback = "AUDIT-ROLLBACK":
        "nothing is older than what an earlier audit saw, or another document of that version.";
    AuditFile = "AUDIT-FILE":
        "the file has the length and the hashes that are listed.";

    ExpectationsRead = "EXPECTATIONS-READ":
        "the verifier's expectations are TOML of the format `keymoot-expectations-1` with no \
         unknown field and none missing.";
}

impl Rule {
    /// The part of its id before the first hyphen: its family.
    #[must_use]
    pub fn family(self) -> &'static str {
        let id = self.id();
        id.split_once('-').map_or(id, |(family, _)| family)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// A program of this version has no rule of this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no rule of this program has this id")]
pub struct UnknownRule;

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(id: &str) -> Result<Self, UnknownRule> {
        let found = Self::ALL.iter().find(|rule| rule.id() == id);
        found.copied().ok_or(UnknownRule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_is_found_by_its_id_and_no_id_comes_twice() {
        for rule in Rule::ALL {
            assert_eq!(rule.id().parse(), Ok(*rule));
            assert!(rule.id().starts_with(rule.family()) && rule.since() >= 1);
        }
        let distinct: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(distinct.len(), Rule::ALL.len());
    }
}
