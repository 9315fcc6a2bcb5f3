//! A model that is asked in which order candidates stand and what stands in open parameters, where a world has one.

use std::collections::BTreeMap;

use interlock::domain::command::{Command, Drive};

use super::notes::{From, Sent};
use super::sim::Sim;

impl Sim {
    pub fn advice(&mut self, drive: Drive) -> Option<Sent> {
        let (command, line) = match &drive {
            Drive::Advise { incident, question } => {
                let order = question.candidates.iter().rev();
                let order = order.map(|choice| choice.runbook.clone()).collect();
                let incident = *incident;
                let line = format!("a model puts what {incident} may need into another order");
                (Command::Advised { incident, order }, line)
            }
            Drive::Fill { incident, blanks } => {
                let said = self.odd.fills();
                let line = format!("a model fills {said:?} into the plan of {incident}");
                let names = blanks.open.iter().map(|blank| blank.name.clone());
                let values: BTreeMap<String, String> = names.zip(said).collect();
                let command = Command::Filled {
                    incident: *incident,
                    runbook: blanks.runbook.clone(),
                    values,
                };
                (command, line)
            }
            Drive::Survey { .. } | Drive::Recheck { .. } | Drive::Start { .. } => return None,
        };
        Some(Sent {
            command,
            from: From::Executor(drive),
            line,
        })
    }
}
