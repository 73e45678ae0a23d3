//! The answer of `tracks schedule` where no timer is named.

use crate::domain::schedule::Timer;
use crate::ui::style::{DIM, HINT};
use crate::ui::table::{Table, styled};

pub fn timers() -> String {
    let mut table = Table::default();
    for timer in Timer::ALL {
        table.row(vec![
            styled(HINT, format!("tracks schedule {}", timer.as_str())),
            styled(DIM, timer.about()),
        ]);
    }
    table.render(0)
}
