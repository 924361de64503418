//! Who answers the driver: the screens, the numbered lines, or a rehearsal's unattended holders.

use std::io::IsTerminal as _;

use crate::{
    driver::{Driver, Operator, Outcome, World},
    rehearsal::{
        hands::{Hands, Simulators},
        room::SimulatedRoom,
        unattended::Unattended,
    },
    store::SimulatorSettings,
    tui::{self, Room},
};
use keymoot_core::HostError;
use keymoot_record::{ceremony::State, transcript::Mode};
use keymoot_verify::say;

use super::{Failure, version};

/// The interface for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// On the whole screen.
    Screens,
    /// As numbered lines and questions.
    Lines,
}

impl Manner {
    /// By the flag `--plain`.
    pub(crate) fn of(plain: bool) -> Self {
        if plain { Self::Lines } else { Self::Screens }
    }

    /// The flag again.
    pub(crate) fn argument(self) -> Option<&'static str> {
        (self == Self::Lines).then_some("--plain")
    }
}

/// Whether the interface works here. Checked before anything is written.
///
/// # Errors
/// [`HostError`] when there is no terminal, or none that can show screens.
pub(super) fn require_terminal(manner: Manner) -> Result<(), HostError> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(HostError::new(
            "there is no terminal to show the ceremony on",
            "start it in a terminal; a rehearsal can also run with --unattended",
        ));
    }
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    match manner {
        Manner::Screens if dumb => Err(HostError::new(
            "this terminal cannot show screens: TERM is dumb or not set",
            "add --plain, or set TERM to the name of the terminal",
        )),
        Manner::Screens | Manner::Lines => Ok(()),
    }
}

/// Drives the ceremony with the operator that the settings and the command line ask for.
pub(crate) fn operate(
    world: World<'_>,
    state: State,
    simulator: Option<&SimulatorSettings>,
    simulators: Option<&Simulators>,
    manner: Manner,
) -> Result<Outcome, Failure> {
    let mode = state
        .opening
        .as_ref()
        .map_or(Mode::Live, |opening| opening.mode);
    let title = state.plan.script.script().title.clone();
    let shown = Shown {
        mode,
        title: &title,
        simulator,
        simulators,
        manner,
    };
    if let (Some(program), true) = (state.program(), shown.is_unattended()) {
        say!("{}", version::in_words(program));
    }
    Ok(shown.operate(|operator| Driver::new(world, state, operator).run())??)
}

/// The settings of an operator.
pub(crate) struct Shown<'s> {
    /// Live or rehearsal.
    pub(crate) mode: Mode,
    /// The command's name.
    pub(crate) title: &'s str,
    /// What a rehearsal's simulator was started with.
    pub(crate) simulator: Option<&'s SimulatorSettings>,
    /// The simulators that run.
    pub(crate) simulators: Option<&'s Simulators>,
    /// On the screen or in lines.
    pub(crate) manner: Manner,
}

impl Shown<'_> {
    /// Whether the rehearsal is unattended.
    fn is_unattended(&self) -> bool {
        self.simulators.is_some() && self.simulator.is_some_and(|settings| settings.unattended)
    }

    /// Runs `drive` with that operator.
    pub(crate) fn operate<T: Send>(
        &self,
        drive: impl FnOnce(&mut dyn Operator) -> T + Send,
    ) -> Result<T, Failure> {
        let unreachable = |error: std::io::Error| {
            HostError::new(
                format!("the simulator cannot be reached: {error}"),
                "resume the rehearsal",
            )
        };
        if let (Some(settings), Some(simulators)) = (self.simulator, self.simulators)
            && settings.unattended
        {
            let hands = || Hands::reach(simulators, &settings.seats).map_err(unreachable);
            let mut operator = Unattended::new(hands()?, hands()?, settings.seed, settings.spares)
                .map_err(unreachable)?
                .with_apart(settings.apart.clone(), settings.absent.clone());
            return Ok(drive(&mut operator));
        }
        require_terminal(self.manner)?;
        let room = match (self.simulators, self.simulator) {
            (Some(simulators), Some(settings)) => {
                let room =
                    SimulatedRoom::reach(simulators, &settings.seats).map_err(unreachable)?;
                Some(Box::new(room) as Box<dyn Room>)
            }
            _ => None,
        };
        let shown = match self.manner {
            Manner::Screens => tui::run(self.mode, self.title, room, drive),
            Manner::Lines => tui::run_plain(self.mode, self.title, room, drive),
        };
        shown.map_err(|error| {
            HostError::new(
                format!("the terminal failed: {error}"),
                "resume in another terminal",
            )
            .into()
        })
    }
}
