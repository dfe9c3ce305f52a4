//! Which calls an address takes.

use http::{Method, StatusCode};

use super::super::error::{ErrorType, Refusal};
use super::super::target::{Target, Verb};
use super::{Operation, operations};

impl Target {
    /// The calls that its path takes.
    pub fn operations(&self) -> impl Iterator<Item = &'static Operation> {
        let template = self.template();
        operations().filter(move |one| one.path == template)
    }

    /// The call that a request makes, if this takes its method. HEAD makes the call of GET.
    ///
    /// # Errors
    /// 405 where it does not.
    pub fn operation(&self, method: &Method) -> Result<&'static Operation, Refusal> {
        let verb = match *method {
            Method::HEAD => Verb::Get.as_str(),
            ref method => method.as_str(),
        };
        let found = self.operations().find(|one| one.verb.as_str() == verb);
        found.ok_or_else(|| {
            Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                ErrorType::InvalidRequest,
                format!("{method} is not possible here, only {}", self.allow()),
            )
        })
    }

    /// The methods that it takes, as a header says it.
    pub fn allow(&self) -> String {
        let verbs = self.operations().flat_map(|one| match one.verb {
            Verb::Get => vec!["GET", "HEAD"],
            Verb::Post | Verb::Put | Verb::Patch | Verb::Delete => vec![one.verb.as_str()],
        });
        let names: Vec<&str> = verbs.chain(["OPTIONS"]).collect();
        names.join(", ")
    }
}
