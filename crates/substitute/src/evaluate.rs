//! [`Template`] to text.

use kustom_yaml::error::{Error, Kind, Result, nearest};
use kustom_yaml::limits::Budget;

use crate::operators;
use crate::template::{Expression, Operation, Piece, Template};
use crate::variables::Variables;

impl Template {
    /// Substitutes the variables.
    ///
    /// `strict` makes a variable that is missing an error, unless it has a default; otherwise it is
    /// empty. The result need not be UTF-8, since offsets count bytes.
    ///
    /// # Errors
    ///
    /// A variable that is missing, or a result that is too long.
    pub fn evaluate(&self, variables: &Variables, strict: bool) -> Result<Vec<u8>> {
        Evaluation::new(variables, strict).template(self)
    }
}

/// How many steps all patterns of one text may take.
const STEPS: u64 = 1 << 27;

/// One evaluation.
struct Evaluation<'v> {
    variables: &'v Variables,
    strict: bool,
    budget: Budget,
    /// The steps that patterns may still take.
    steps: u64,
}

impl<'v> Evaluation<'v> {
    fn new(variables: &'v Variables, strict: bool) -> Self {
        Self {
            variables,
            strict,
            budget: Budget::default(),
            steps: STEPS,
        }
    }

    fn template(mut self, template: &Template) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        for piece in &template.pieces {
            self.piece(piece, &mut out)?;
        }
        Ok(out)
    }

    fn piece(&mut self, piece: &Piece, out: &mut Vec<u8>) -> Result<()> {
        match piece {
            Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
            Piece::Expression(expression) => {
                let value = self.expression(expression)?;
                self.budget.charge("a substitution", value.len() as u64)?;
                out.extend_from_slice(&value);
            }
        }
        Ok(())
    }

    fn expression(&mut self, expression: &Expression) -> Result<Vec<u8>> {
        // Parts come first, needed or not, as in Flux.
        let mut parts = Vec::new();
        for piece in expression.parts() {
            let mut part = Vec::new();
            self.piece(piece, &mut part)?;
            parts.push(part);
        }
        let value = match self.variables.get(&expression.name) {
            Some(value) => value,
            None if self.strict && !matches!(expression.operation, Operation::Default { .. }) => {
                return Err(self.missing(&expression.name));
            }
            None => &[],
        };
        Ok(match &expression.operation {
            Operation::Value { .. } => value.to_vec(),
            Operation::Length => value.len().to_string().into_bytes(),
            Operation::Case { upper, first } => operators::case(value, *upper, *first),
            Operation::Default { .. } if value.is_empty() => parts.concat(),
            Operation::Default { .. } => value.to_vec(),
            Operation::Slice { .. } => {
                operators::slice(value, &parts[0], parts.get(1).map(Vec::as_slice)).to_vec()
            }
            Operation::Remove {
                suffix, longest, ..
            } => operators::remove(value, &parts[0], *suffix, *longest, &mut self.steps)
                .ok_or_else(|| too_slow(&expression.name))?,
            Operation::Replace { which, .. } => {
                let new = parts.get(1).map(Vec::as_slice);
                let longest = operators::longest_replacement(value, &parts[0], new);
                self.budget.charge("a substitution", longest)?;
                operators::replace(value, *which, &parts[0], new)
            }
        })
    }

    fn missing(&self, name: &str) -> Error {
        let error = Error::new(Kind::Project, format!("the variable `{name}` has no value"));
        match nearest(name, self.variables.names()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!(
                "give it a value or a default, as in `${{{name}:=none}}`; `$${{{name}}}` leaves it \
                 as it is"
            )),
        }
    }
}

fn too_slow(name: &str) -> Error {
    let message = format!("the pattern that is removed from `{name}` takes too many steps");
    Error::new(Kind::Limit, message).help("use a shorter value, or a pattern with fewer `*`")
}
