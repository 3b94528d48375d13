//! What tests share: slots of their width, and instances of resources.

use crate::analyze::Claims;
use std::collections::BTreeMap;

/// What there is, and what of it is taken.
pub(super) struct Pool {
    /// True for those that are taken.
    slots: Vec<bool>,
    /// Instances by name of the resource, each with whether it is taken.
    resources: BTreeMap<String, Vec<(String, bool)>>,
}

/// What a process of a test has got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// Slots, the lowest first. No two tests that run at the same time have one in common.
    pub slots: Vec<usize>,
    /// Names of instances by resource.
    pub instances: Vec<(String, Vec<String>)>,
}

impl Pool {
    /// So many slots, and these resources; one that is not named here has one instance.
    pub fn new(width: usize, resources: &BTreeMap<String, Vec<String>>) -> Pool {
        let free = |names: &Vec<String>| names.iter().map(|name| (name.clone(), false)).collect();
        let resources = resources.iter().map(|(name, it)| (name.clone(), free(it))).collect();
        Pool { slots: vec![false; width], resources }
    }

    /// Takes what is claimed, if all of it is free. A claim for more slots than there are takes all.
    pub fn take(&mut self, claims: &Claims) -> Option<Grant> {
        let wanted = claims.slots.clamp(1, self.slots.len());
        let mut grant = Grant { slots: first_free(self.slots.iter(), wanted)?, ..Grant::default() };
        let mut places = Vec::new();
        for (name, amount) in &claims.resources {
            let one = || vec![("0".to_string(), false)];
            let instances = self.resources.entry(name.clone()).or_insert_with(one);
            places.push(first_free(instances.iter().map(|(_, taken)| taken), *amount)?);
        }
        for slot in &grant.slots {
            self.slots[*slot] = true;
        }
        for ((name, _), places) in claims.resources.iter().zip(places) {
            let Some(instances) = self.resources.get_mut(name) else { continue };
            let mut names = Vec::new();
            for place in places {
                instances[place].1 = true;
                names.push(instances[place].0.clone());
            }
            grant.instances.push((name.clone(), names));
        }
        Some(grant)
    }

    /// Gives back what a test had.
    pub fn give_back(&mut self, grant: &Grant) {
        for slot in &grant.slots {
            self.slots[*slot] = false;
        }
        for (name, names) in &grant.instances {
            for (instance, taken) in self.resources.get_mut(name).into_iter().flatten() {
                *taken &= !names.contains(instance);
            }
        }
    }

    /// True if not even the smallest claim can be met.
    pub fn is_full(&self) -> bool {
        self.slots.iter().all(|taken| *taken)
    }
}

/// The first places that are not taken; nothing if there are fewer.
fn first_free<'a>(all: impl Iterator<Item = &'a bool>, wanted: usize) -> Option<Vec<usize>> {
    let free: Vec<usize> =
        all.zip(0..).filter(|(taken, _)| !**taken).map(|(_, at)| at).take(wanted).collect();
    (free.len() == wanted).then_some(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(slots: usize, resources: &[(&str, usize)]) -> Claims {
        let resources = resources.iter().map(|(name, n)| (name.to_string(), *n)).collect();
        Claims { slots, resources }
    }

    #[test]
    fn nothing_is_given_twice_and_what_comes_back_is_given_again() {
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let declared = BTreeMap::from([("db".to_string(), names(&["north", "south"]))]);
        let mut pool = Pool::new(3, &declared);
        let first = pool.take(&claims(0, &[("db", 1)])).unwrap();
        assert_eq!(first.instances, [("db".to_string(), names(&["north"]))]);
        let second = pool.take(&claims(1, &[("db", 1)])).unwrap();
        assert_eq!(second.instances, [("db".to_string(), names(&["south"]))]);
        assert_eq!((first.slots.clone(), second.slots.clone()), (vec![0], vec![1]));
        assert_eq!(pool.take(&claims(1, &[("db", 1)])), None);
        assert_eq!(pool.take(&claims(2, &[])), None);
        pool.give_back(&first);
        assert_eq!(pool.take(&claims(1, &[("db", 2)])), None);
        pool.give_back(&second);
        assert_eq!(pool.take(&claims(9, &[("db", 2)])).unwrap().slots, [0, 1, 2]);
        assert!(pool.is_full());
    }

    #[test]
    fn a_resource_that_nobody_declared_keeps_tests_apart() {
        let mut pool = Pool::new(2, &BTreeMap::new());
        let grant = pool.take(&claims(1, &[("port", 1)])).unwrap();
        assert_eq!(pool.take(&claims(1, &[("port", 1)])), None);
        pool.give_back(&grant);
        assert_eq!(pool.take(&claims(1, &[("port", 1)])), Some(grant));
    }
}
