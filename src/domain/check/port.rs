//! Ports for what runs at the same time: each place gets ten of its own.

/// Ten ports for each, below those that systems give out by themselves (32768 and above).
const FIRST: u16 = 20_000;
const EACH: u16 = 10;
const BLOCKS: u32 = 1_270;

/// The first of the ten ports of a place. Places of one repository (up to 1,270) never share any; `repository` is any number
/// that tells it from others, so that two repositories on one machine are unlikely to.
pub fn port(repository: u32, slot: u32) -> u16 {
    let block = (repository % BLOCKS + slot % BLOCKS) % BLOCKS;
    // Less than 1,270 blocks: it fits.
    FIRST + EACH * u16::try_from(block).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_places_of_a_repository_share_a_port() {
        for repository in [0, 1, 77_777, u32::MAX] {
            let ports: BTreeSet<u16> = (0..BLOCKS).map(|slot| port(repository, slot)).collect();
            assert_eq!(ports.len(), 1_270);
            assert!(ports.iter().all(|port| (20_000..32_700).contains(port)));
        }
        assert_eq!(
            (port(3, 0), port(3, 1), port(1_269, 1)),
            (20_030, 20_040, 20_000)
        );
    }
}
