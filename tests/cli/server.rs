//! An API server's admission, as far as the policies that `rbac` prints need it. CEL by the crate `cel`, which has what they use;
//! it knows no types beforehand and counts no cost, as a server does.

use std::collections::HashMap;

use cel::{Context, Program, Value as Cel};
use serde_json::{Value, json};

/// An API server with what is printed.
pub struct Server {
    pub objects: Vec<Value>,
    pub needs: Vec<Value>,
    /// What parameters of policies may name: kind, namespace, name.
    pub stored: HashMap<(String, String, String), Value>,
}

/// One request, as admission sees it.
#[derive(Clone)]
pub struct Request {
    pub user: String,
    pub operation: &'static str,
    pub group: &'static str,
    /// `pods/exec`.
    pub resource: &'static str,
    pub namespace: String,
    pub name: String,
    pub object: Value,
    pub old: Value,
}

fn cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(yes) => Cel::Bool(*yes),
        Value::Number(number) => Cel::Int(number.as_i64().unwrap()),
        Value::String(text) => Cel::from(text.as_str()),
        Value::Array(all) => Cel::from(all.iter().map(cel).collect::<Vec<Cel>>()),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.clone(), cel(value)));
            Cel::from(fields.collect::<HashMap<String, Cel>>())
        }
    }
}

impl Server {
    pub fn of(printed: &Value) -> Self {
        let all = |key: &str| printed[key].as_array().unwrap().clone();
        Self {
            objects: all("objects"),
            needs: all("needs"),
            stored: HashMap::new(),
        }
    }

    pub fn store(&mut self, kind: &str, name: &str, object: Value) {
        let key = (kind.to_owned(), "production".to_owned(), name.to_owned());
        self.stored.insert(key, object);
    }

    /// Who runs a step of the runbook.
    pub fn who_runs(&self, step: u8) -> String {
        let of = format!("step {step} of checkout");
        let fits = |need: &&Value| need["of"] == of && need["role"]["runs"].is_u64();
        let tier = &self.needs.iter().find(fits).expect("a right")["role"]["runs"];
        format!("system:serviceaccount:interlock:interlock-tier-{tier}")
    }

    fn policies(&self) -> impl Iterator<Item = (&Value, &Value)> {
        let of_kind = |kind: &'static str| self.objects.iter().filter(move |object| object["kind"] == kind);
        of_kind("ValidatingAdmissionPolicyBinding").map(move |binding| {
            let mut policies = of_kind("ValidatingAdmissionPolicy");
            let policy = policies.find(|one| one["metadata"]["name"] == binding["spec"]["policyName"]);
            (binding, policy.unwrap())
        })
    }

    /// `None` when every policy lets it through, else what the first one says.
    pub fn refuses(&self, request: &Request) -> Option<String> {
        self.policies()
            .find_map(|(binding, policy)| self.asks(binding, policy, request))
    }

    /// As the dispatcher of Kubernetes does it: what matches, then the parameter, then whose request it is, then the rest.
    fn asks(&self, binding: &Value, policy: &Value, request: &Request) -> Option<String> {
        let (of_binding, of_policy) = (&binding["spec"], &policy["spec"]);
        let rule = &of_policy["matchConstraints"]["resourceRules"][0];
        let lists = |key: &str, word: &str| rule[key].as_array().unwrap().iter().any(|one| one == word);
        let selected = |selector: &str, of: &dyn Fn(&str) -> Value| {
            let wanted = &of_binding["matchResources"][selector]["matchLabels"];
            let mut wanted = wanted.as_object().into_iter().flatten();
            wanted.all(|(key, value)| of(key) == *value)
        };
        let is_about = lists("apiGroups", request.group)
            && lists("operations", request.operation)
            && lists("resources", request.resource)
            && selected("namespaceSelector", &|_| json!(request.namespace))
            && selected("objectSelector", &|key| {
                request.object["metadata"]["labels"][key].clone()
            });
        if !is_about {
            return None;
        }
        let mut params = Value::Null;
        if let Some(wanted) = of_binding.get("paramRef") {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let kind = &of_policy["paramKind"]["kind"];
            let key = (text(kind), text(&wanted["namespace"]), text(&wanted["name"]));
            match (self.stored.get(&key), wanted["parameterNotFoundAction"] == "Deny") {
                (Some(found), _) => params = found.clone(),
                (None, true) => return Some("no params found".to_owned()),
                (None, false) => return None,
            }
        }
        let resource = request.resource.split('/').next().unwrap();
        let asked = json!({
            "userInfo": {"username": request.user}, "namespace": request.namespace, "name": request.name,
            "resource": {"group": request.group, "version": "v1", "resource": resource},
        });
        let mut context = Context::default();
        for (name, value) in [
            ("request", &asked),
            ("object", &request.object),
            ("oldObject", &request.old),
            ("params", &params),
        ] {
            context.add_variable_from_value(name, cel(value));
        }
        let holds = |expression: &Value, context: &Context| {
            let program = Program::compile(expression.as_str().unwrap()).unwrap();
            program.execute(context)
        };
        for condition in of_policy["matchConditions"].as_array().unwrap() {
            if holds(&condition["expression"], &context).unwrap() == Cel::Bool(false) {
                return None;
            }
        }
        let mut variables = HashMap::new();
        for variable in of_policy["variables"].as_array().into_iter().flatten() {
            let value = holds(&variable["expression"], &context).unwrap();
            variables.insert(variable["name"].as_str().unwrap().to_owned(), value);
            context.add_variable_from_value("variables", Cel::from(variables.clone()));
        }
        let refused = of_policy["validations"]
            .as_array()
            .unwrap()
            .iter()
            .find(|validation| {
                // An error refuses, too.
                holds(&validation["expression"], &context) != Ok(Cel::Bool(true))
            });
        refused.map(|validation| validation["message"].as_str().unwrap().to_owned())
    }

    pub fn lets(&self, request: &Request, why: &str) {
        assert_eq!(self.refuses(request), None, "{why}");
    }

    pub fn stops(&self, request: &Request, why: &str) {
        assert!(self.refuses(request).is_some(), "{why}");
    }
}
