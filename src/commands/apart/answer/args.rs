//! The arguments of `keymoot answer`.

use std::path::PathBuf;

use keymoot_core::HostError;
use keymoot_record::expectation;
use keymoot_verify::files::{LARGEST_ROOT, read_trusted_root};

/// Answer a request, away from the table
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The request, as `keymoot request` wrote it
    #[arg(required_unless_present = "tree", conflicts_with = "tree")]
    pub(super) request: Option<PathBuf>,
    /// Sign in this checkout of a signing event of tuf-on-ci, tufops or tuf-ci
    #[arg(long, value_name = "DIR", requires = "base")]
    pub(super) tree: Option<PathBuf>,
    /// A checkout of the commit at which the event's branch begins: git merge-base
    #[arg(long, value_name = "DIR", requires = "tree")]
    pub(super) base: Option<PathBuf>,
    /// A role that the event may change; any, if none is named. Once for each role
    #[arg(long, value_name = "ROLE", requires = "tree")]
    pub(super) role: Vec<String>,
    /// Where to write the answer; with --tree, the receipt
    #[arg(short, long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// Who answers, by handle, where several are asked
    #[arg(long = "as", value_name = "HANDLE")]
    pub(super) holder: Option<String>,
    /// A root that you already trust: the ceremony must start from it, or from one that follows from it
    #[arg(long, value_name = "FILE")]
    pub(super) trusted_root: Option<PathBuf>,
    /// The expectations for the ceremony, as in `keymoot verify`; rfc-3724 if not given. With
    /// --tree, the repository and the device; nothing if not given
    #[arg(long, value_name = "SET")]
    pub(super) expect: Option<String>,
    /// The policy must be this one: a file, or its SHA-256
    #[arg(long, value_name = "FILE", conflicts_with = "tree")]
    pub(super) policy: Option<String>,
    /// The script must be this one: a file, or its SHA-256
    #[arg(long, value_name = "FILE", conflicts_with = "tree")]
    pub(super) script: Option<String>,
    /// The roster must be this one: a file, or its SHA-256
    #[arg(long, value_name = "FILE", conflicts_with = "tree")]
    pub(super) roster: Option<String>,
    /// Decline, for this reason; no device is needed
    #[arg(long, value_name = "REASON", conflicts_with = "tree")]
    pub(super) decline: Option<String>,
    /// The new folder of this turn; default: beside the answer
    #[arg(long, value_name = "DIR", conflicts_with = "tree")]
    pub(super) dir: Option<PathBuf>,
    /// The request is from a rehearsal; with --tree, the devices are simulated
    #[arg(long)]
    pub(super) rehearsal: bool,
    /// In a rehearsal: the folder of the ceremony whose simulated devices the holder has
    #[arg(long, value_name = "DIR", requires = "rehearsal")]
    pub(super) devices: Option<PathBuf>,
    /// In a rehearsal: answer every question from a plan
    #[arg(long, requires = "devices")]
    pub(super) unattended: bool,
    /// Show numbered lines and questions instead of screens, for a serial console or a screen reader
    #[arg(long)]
    pub(super) plain: bool,
    /// The control socket of the simulator under which this process runs
    #[arg(long, hide = true)]
    pub(super) simulator: Option<PathBuf>,
}

impl Args {
    /// The set of expectations of a request.
    pub(super) fn expect(&self) -> &str {
        self.expect.as_deref().unwrap_or(expectation::DEFAULT)
    }

    /// The bytes of the root that the holder already trusts, if one is named.
    pub(super) fn trusted_root(&self) -> Result<Option<Vec<u8>>, HostError> {
        let root = self.trusted_root.as_deref();
        let read = root.map(|path| read_trusted_root(path, LARGEST_ROOT));
        Ok(read.transpose()?.map(|(bytes, _)| bytes))
    }
}
