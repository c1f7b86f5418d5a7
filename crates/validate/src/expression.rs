//! Expressions of admission policies, run over objects.

use crate::cel::{self, Expr, Val};
use crate::value::Value;

/// An expression of the Common Expression Language.
#[derive(Clone, Debug)]
pub struct Expression(Expr);

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        cel::parse(text.trim()).map(Self)
    }
}

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(String),
    /// Something else.
    Other,
    /// It fails, as it would on a server; the message is a sentence.
    Failed(String),
    /// It uses what cannot be run here, or more steps than it is given.
    Unknown,
}

/// The names that expressions speak of.
#[derive(Clone, Debug, Default)]
pub struct Names {
    scope: Vec<(String, Val)>,
    variables: Vec<(Val, Val)>,
}

impl Names {
    /// Gives a name its value; nothing is null.
    pub fn set(&mut self, name: &str, value: Option<&Value<'_>>) {
        let value = value.map_or(Val::Null, Val::of);
        self.scope.retain(|(known, _)| known != name);
        self.scope.push((name.to_owned(), value));
    }

    /// Runs an expression.
    pub fn run(&self, expression: &Expression) -> Answer {
        match self.value(expression) {
            None => Answer::Unknown,
            Some(Err(message)) => Answer::Failed(message),
            Some(Ok(Val::Bool(set))) => Answer::Bool(set),
            Some(Ok(Val::Text(text))) => Answer::Text(text.to_string()),
            Some(Ok(_)) => Answer::Other,
        }
    }

    /// Runs an expression, whose value is `variables.NAME` for those after it; what is wrong is told
    /// as by [`Self::run`].
    pub fn set_variable(&mut self, name: &str, expression: &Expression) -> Answer {
        match self.value(expression) {
            None => Answer::Unknown,
            Some(Err(message)) => Answer::Failed(message),
            Some(Ok(value)) => {
                self.variables.push((Val::text(name), value));
                Answer::Other
            }
        }
    }

    fn value(&self, expression: &Expression) -> Option<Result<Val, String>> {
        let mut scope = self.scope.clone();
        let variables = Val::Map(std::rc::Rc::new(self.variables.clone()));
        scope.push(("variables".to_owned(), variables));
        cel::run(&expression.0, scope)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn run(text: &str) -> Answer {
        Names::default().run(&Expression::parse(text).unwrap())
    }

    #[test]
    fn expressions_are_run_as_a_server_runs_them() {
        for (text, wanted) in [
            ("cel.bind(x, [1, 2], x.size() == 2)", Answer::Bool(true)),
            (
                "[1, 2, 3].map(x, x > 1, x * 2) == [4, 6]",
                Answer::Bool(true),
            ),
            ("{'a': 1}.all(k, v, k == 'a' && v == 1)", Answer::Bool(true)),
            (
                "['a', 'b'].exists(i, v, i == 1 && v == 'b')",
                Answer::Bool(true),
            ),
            ("'abc-12'.find('[0-9]+') == '12'", Answer::Bool(true)),
            ("'a1b2'.findAll('[0-9]') == ['1', '2']", Answer::Bool(true)),
            (
                "'%s has %d'.format(['a', 2])",
                Answer::Text("a has 2".to_owned()),
            ),
            ("[1, 1, 2].distinct() == [1, 2]", Answer::Bool(true)),
            (
                "quantity('1Gi').isGreaterThan(quantity('512Mi'))",
                Answer::Bool(true),
            ),
            ("1 == '1'", Answer::Bool(false)),
        ] {
            assert_eq!(run(text), wanted, "{text}");
        }
        assert!(matches!(run("{'a': 1}.b"), Answer::Failed(_)));
        assert_eq!(
            run("authorizer.group('').check('x').allowed()"),
            Answer::Unknown
        );
    }

    #[test]
    fn variables_are_known_to_those_after_them() {
        let mut names = Names::default();
        let parse = |text: &str| Expression::parse(text).unwrap();
        assert_eq!(names.set_variable("a", &parse("2")), Answer::Other);
        assert_eq!(
            names.set_variable("b", &parse("variables.a * 2")),
            Answer::Other
        );
        assert_eq!(names.run(&parse("variables.b == 4")), Answer::Bool(true));
    }
}
