//! A matcher as an automaton that is walked over an fst of label values.
//!
//! Law: it accepts exactly the values that the matcher's pattern matches. Where the pattern is
//! too large to be made an automaton within bounds, everything is walked and each value asked.

use fst::Automaton as FstAutomaton;
use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};

use crate::matcher::{MatchOp, Matcher, dialect};

/// A pattern that needs more is asked value by value.
const DFA_BYTES_MAX: usize = 1 << 20;

pub(super) struct ValueAutomaton<'a> {
    /// Asked of each value where there is no automaton.
    matcher: &'a Matcher,
    dfa: Option<(dense::DFA<Vec<u32>>, StateID)>,
}

impl<'a> ValueAutomaton<'a> {
    /// For `values` values; an automaton for few costs more than to ask them.
    pub(super) fn new(matcher: &'a Matcher, values: usize) -> Self {
        const ASKED: usize = 1_024;
        let regex = matches!(matcher.op, MatchOp::Regex | MatchOp::NotRegex);
        let dfa = if regex && values > ASKED { compile(&matcher.value) } else { None };
        Self { matcher, dfa }
    }

    /// Whether the pattern matches a value that the automaton has accepted.
    pub(super) fn confirms(&self, value: &[u8]) -> bool {
        self.dfa.is_some()
            || std::str::from_utf8(value).is_ok_and(|value| {
                self.matcher.matches(value) != (self.matcher.op == MatchOp::NotRegex)
            })
    }
}

fn compile(pattern: &str) -> Option<(dense::DFA<Vec<u32>>, StateID)> {
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(regex_automata::dfa::StartKind::Anchored)
        .dfa_size_limit(Some(DFA_BYTES_MAX))
        .determinize_size_limit(Some(DFA_BYTES_MAX));
    let pattern = dialect::translate(pattern).ok()?;
    let dfa = dense::Builder::new().configure(config).build(&pattern).ok()?;
    let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
    Some((dfa, start))
}

impl FstAutomaton for ValueAutomaton<'_> {
    type State = Option<StateID>;

    fn start(&self) -> Self::State {
        self.dfa.as_ref().map(|&(_, start)| start)
    }

    fn is_match(&self, state: &Self::State) -> bool {
        match (&self.dfa, *state) {
            (Some((dfa, _)), Some(state)) => dfa.is_match_state(dfa.next_eoi_state(state)),
            _ => true,
        }
    }

    fn can_match(&self, state: &Self::State) -> bool {
        match (&self.dfa, *state) {
            (Some((dfa, _)), Some(state)) => !dfa.is_dead_state(state),
            _ => true,
        }
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        let (dfa, _) = self.dfa.as_ref()?;
        state.map(|state| dfa.next_state(state, byte))
    }
}
