//! Which addresses are public: those that the registries of special addresses (RFC 6890 and what
//! followed it) leave to everybody. Whatever is not known to be public is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks that are not public, as address and length of the part that is theirs.
const CLOSED_V4: [([u8; 4], u32); 17] = [
    // "This" network.
    ([0, 0, 0, 0], 8),
    // Private networks.
    ([10, 0, 0, 0], 8),
    ([172, 16, 0, 0], 12),
    ([192, 168, 0, 0], 16),
    // Between providers and their customers; one cloud's own services are among them.
    ([100, 64, 0, 0], 10),
    // This machine.
    ([127, 0, 0, 0], 8),
    // The link, where clouds answer for the machine's own keys.
    ([169, 254, 0, 0], 16),
    // Another cloud's own service, at an address that looks public.
    ([168, 63, 129, 16], 32),
    // Protocols' own.
    ([192, 0, 0, 0], 24),
    // For documentation.
    ([192, 0, 2, 0], 24),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // The way from IPv6 that was given up.
    ([192, 88, 99, 0], 24),
    // For measuring.
    ([198, 18, 0, 0], 15),
    // Many at once.
    ([224, 0, 0, 0], 4),
    // Kept for later; everybody at once is among them.
    ([240, 0, 0, 0], 4),
    ([255, 255, 255, 255], 32),
];

/// What of the public part of IPv6 is not.
const CLOSED_V6: [(Ipv6Addr, u32); 4] = [
    // Protocols' own; tunnels that hide another address are among them.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // For documentation.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    // Tunnels that hide another address.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];
/// The only part of IPv6 that is public.
const OPEN_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// The gateways to IPv4: what they lead to counts.
const TRANSLATED_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Whether an address belongs to everybody's internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    let within = |(network, length): ([u8; 4], u32)| {
        (bits ^ Ipv4Addr::from(network).to_bits()) >> (32 - length) == 0
    };
    !CLOSED_V4.into_iter().any(within)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let within = |(network, length): (Ipv6Addr, u32)| {
        (address.to_bits() ^ network.to_bits()) >> (128 - length) == 0
    };
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    if within(TRANSLATED_V6) {
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    within(OPEN_V6) && !CLOSED_V6.into_iter().any(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSED: [&str; 49] = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.0.1",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:0a00:0001::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    const OPEN: [&str; 17] = [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "168.63.129.17",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "2a00:1450::1",
    ];

    #[test]
    fn only_what_is_everybodys_is_public() {
        let public = |text: &str| is_public(text.parse().expect("the samples are addresses"));
        for address in CLOSED {
            assert!(!public(address), "{address}");
        }
        for address in OPEN {
            assert!(public(address), "{address}");
        }
    }
}
