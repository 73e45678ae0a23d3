//! Rules about migrations.

use super::Rule;

pub(super) const RULES: &[&Rule] = &[];
