//! Elliptic curves y² = x³ + ax + b over a prime field, by the book and for any of the eight a
//! YubiHSM has.
//!
//! P-256 and P-384 sign with RustCrypto's implementations; this is for the curves that have none,
//! and for key agreement on all of them. It makes no attempt to hide secrets from anyone who
//! measures time: they are simulated. Source of the arithmetic: SEC 1, version 2.0; of the
//! parameters: SEC 2, FIPS 186-4, RFC 5639.

use num_bigint::BigUint;

/// A curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Curve {
    P224,
    P256,
    P384,
    P521,
    K256,
    Bp256,
    Bp384,
    Bp512,
}

struct Domain {
    p: BigUint,
    a: BigUint,
    b: BigUint,
    n: BigUint,
    g: Point,
}

/// A point other than the one at infinity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The first coordinate.
    pub x: BigUint,
    /// The second coordinate.
    pub y: BigUint,
}

impl Curve {
    /// p, a, b, x and y of the generator, and its order, in hexadecimal.
    const fn parameters(self) -> [&'static str; 6] {
        match self {
            Self::P224 => [
                "ffffffffffffffffffffffffffffffff000000000000000000000001",
                "fffffffffffffffffffffffffffffffefffffffffffffffffffffffe",
                "b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4",
                "b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21",
                "bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34",
                "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d",
            ],
            Self::P256 => [
                "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
                "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
                "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
                "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
                "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
                "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
            ],
            Self::P384 => [
                "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
                "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffc",
                "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
                "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
                "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
                "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
            ],
            Self::P521 => [
                "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc",
                "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
                "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
                "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
                "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
            ],
            Self::K256 => [
                "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
                "00",
                "07",
                "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
                "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
                "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
            ],
            Self::Bp256 => [
                "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
                "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
                "26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6",
                "8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262",
                "547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997",
                "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7",
            ],
            Self::Bp384 => [
                "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123acd3a729901d1a71874700133107ec53",
                "7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f8aa5814a503ad4eb04a8c7dd22ce2826",
                "04a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57cb4390295dbc9943ab78696fa504c11",
                "1d1c64f068cf45ffa2a63a81b7c13f6b8847a3e77ef14fe3db7fcafe0cbd10e8e826e03436d646aaef87b2e247d4af1e",
                "8abe1d7520f9c2a45cb1eb8e95cfd55262b70b29feec5864e19c054ff99129280e4646217791811142820341263c5315",
                "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565",
            ],
            Self::Bp512 => [
                "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca703308717d4d9b009bc66842aecda12ae6a380e62881ff2f2d82c68528aa6056583a48f3",
                "7830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94ca",
                "3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94cadc083e67984050b75ebae5dd2809bd638016f723",
                "81aee4bdd82ed9645a21322e9c4c6a9385ed9f70b5d916c1b43b62eef4d0098eff3b1f78e2d0d48d50d1687b93b97d5f7c6d5047406a5e688b352209bcb9f822",
                "7dde385d566332ecc0eabfa9cf7822fdf209f70024a57b1aa000c55b881f8111b2dcde494a5f485e5bca4bd88a2763aed1ca2b2fa8f0540678cd1e0f3ad80892",
                "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197fac10471db1d381085ddaddb58796829ca90069",
            ],
        }
    }

    fn domain(self) -> Domain {
        let [p, a, b, x, y, n] = self
            .parameters()
            .map(|hex| BigUint::parse_bytes(hex.as_bytes(), 16).unwrap_or_default());
        Domain {
            p,
            a,
            b,
            n,
            g: Point { x, y },
        }
    }

    /// Bytes of a coordinate or a private key.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::P224 => 28,
            Self::P256 | Self::K256 | Self::Bp256 => 32,
            Self::P384 | Self::Bp384 => 48,
            Self::Bp512 => 64,
            Self::P521 => 66,
        }
    }

    /// The object identifier X.509 names it by.
    #[must_use]
    pub const fn oid(self) -> &'static [u32] {
        match self {
            Self::P224 => &[1, 3, 132, 0, 33],
            Self::P256 => &[1, 2, 840, 10045, 3, 1, 7],
            Self::P384 => &[1, 3, 132, 0, 34],
            Self::P521 => &[1, 3, 132, 0, 35],
            Self::K256 => &[1, 3, 132, 0, 10],
            Self::Bp256 => &[1, 3, 36, 3, 3, 2, 8, 1, 1, 7],
            Self::Bp384 => &[1, 3, 36, 3, 3, 2, 8, 1, 1, 11],
            Self::Bp512 => &[1, 3, 36, 3, 3, 2, 8, 1, 1, 13],
        }
    }

    /// Whether these bytes are a private key: from 1 up to the order of the generator.
    #[must_use]
    pub fn is_secret(self, bytes: &[u8]) -> bool {
        let number = BigUint::from_bytes_be(bytes);
        bytes.len() == self.length() && number != BigUint::ZERO && number < self.domain().n
    }

    /// The public key: both coordinates, each of full length.
    #[must_use]
    pub fn public(self, secret: &[u8]) -> Option<Vec<u8>> {
        let domain = self.domain();
        let point = domain.multiply(&BigUint::from_bytes_be(secret), &domain.g)?;
        Some([self.pad(&point.x), self.pad(&point.y)].concat())
    }

    /// The shared secret with anyone who has this public key: the first coordinate of the product.
    /// `None` when the point is not on the curve.
    #[must_use]
    pub fn agree(self, secret: &[u8], public: &[u8]) -> Option<Vec<u8>> {
        let domain = self.domain();
        let (x, y) = public.split_at_checked(self.length())?;
        let point = Point {
            x: BigUint::from_bytes_be(x),
            y: BigUint::from_bytes_be(y),
        };
        if y.len() != self.length() || !domain.holds(&point) {
            return None;
        }
        let product = domain.multiply(&BigUint::from_bytes_be(secret), &point)?;
        Some(self.pad(&product.x))
    }

    /// ECDSA (SEC 1, 4.1.3) over a digest with the one-time number `once`: r and s, each of full
    /// length. `None` when that number will not do, and another has to be drawn.
    #[must_use]
    pub fn sign(self, secret: &[u8], digest: &[u8], once: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        let Domain { n, .. } = &self.domain();
        if !self.is_secret(once) {
            return None;
        }
        let once = BigUint::from_bytes_be(once);
        let point = self.domain().multiply(&once, &self.domain().g)?;
        let r = point.x % n;
        // The leftmost bits of the digest, as many as the order has.
        let excess = (digest.len() as u64 * 8).saturating_sub(n.bits());
        let e = BigUint::from_bytes_be(digest) >> excess;
        let s = once.modinv(n)? * (e + &r * BigUint::from_bytes_be(secret)) % n;
        (r != BigUint::ZERO && s != BigUint::ZERO).then(|| (self.pad(&r), self.pad(&s)))
    }

    fn pad(self, number: &BigUint) -> Vec<u8> {
        let bytes = number.to_bytes_be();
        let mut padded = vec![0; self.length().saturating_sub(bytes.len())];
        padded.extend(bytes);
        padded
    }
}

/// A point as x/z², y/z³: adding takes no division.
struct Jacobian {
    x: BigUint,
    y: BigUint,
    z: BigUint,
}

impl Domain {
    fn sub(&self, a: &BigUint, b: &BigUint) -> BigUint {
        ((a + &self.p) - b) % &self.p
    }

    fn mul(&self, a: &BigUint, b: &BigUint) -> BigUint {
        a * b % &self.p
    }

    fn holds(&self, point: &Point) -> bool {
        let Point { x, y } = point;
        x < &self.p
            && y < &self.p
            && y * y % &self.p == (x * x % &self.p * x + &self.a * x + &self.b) % &self.p
    }

    fn double(&self, point: &Jacobian) -> Jacobian {
        let yy = self.mul(&point.y, &point.y);
        let s = self.mul(&point.x, &yy) * 4u32 % &self.p;
        let zz = self.mul(&point.z, &point.z);
        let m = (self.mul(&point.x, &point.x) * 3u32 + self.mul(&zz, &zz) * &self.a) % &self.p;
        let x = self.sub(&self.mul(&m, &m), &(&s * 2u32 % &self.p));
        let y = self.sub(
            &self.mul(&m, &self.sub(&s, &x)),
            &(self.mul(&yy, &yy) * 8u32 % &self.p),
        );
        let z = self.mul(&point.y, &point.z) * 2u32 % &self.p;
        Jacobian { x, y, z }
    }

    fn add(&self, a: &Jacobian, b: &Point) -> Jacobian {
        if a.z == BigUint::ZERO {
            return Jacobian {
                x: b.x.clone(),
                y: b.y.clone(),
                z: BigUint::from(1u32),
            };
        }
        let zz = self.mul(&a.z, &a.z);
        let h = self.sub(&self.mul(&b.x, &zz), &a.x);
        let r = self.sub(&self.mul(&self.mul(&b.y, &zz), &a.z), &a.y);
        if h == BigUint::ZERO {
            return if r == BigUint::ZERO {
                self.double(a)
            } else {
                Jacobian {
                    x: BigUint::from(1u32),
                    y: BigUint::from(1u32),
                    z: BigUint::ZERO,
                }
            };
        }
        let hh = self.mul(&h, &h);
        let hhh = self.mul(&hh, &h);
        let v = self.mul(&a.x, &hh);
        let x = self.sub(&self.sub(&self.mul(&r, &r), &hhh), &(&v * 2u32 % &self.p));
        let y = self.sub(&self.mul(&r, &self.sub(&v, &x)), &self.mul(&a.y, &hhh));
        let z = self.mul(&a.z, &h);
        Jacobian { x, y, z }
    }

    /// `None` when the product is the point at infinity.
    fn multiply(&self, number: &BigUint, point: &Point) -> Option<Point> {
        let mut sum = Jacobian {
            x: BigUint::from(1u32),
            y: BigUint::from(1u32),
            z: BigUint::ZERO,
        };
        for bit in (0..number.bits()).rev() {
            sum = self.double(&sum);
            if number.bit(bit) {
                sum = self.add(&sum, point);
            }
        }
        let inverse = sum.z.modinv(&self.p)?;
        let square = self.mul(&inverse, &inverse);
        Some(Point {
            x: self.mul(&sum.x, &square),
            y: self.mul(&sum.y, &self.mul(&square, &inverse)),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ALL: [Curve; 8] = [
        Curve::P224,
        Curve::P256,
        Curve::P384,
        Curve::P521,
        Curve::K256,
        Curve::Bp256,
        Curve::Bp384,
        Curve::Bp512,
    ];

    #[test]
    fn every_generator_is_on_its_curve_and_has_its_order() {
        for curve in ALL {
            let domain = curve.domain();
            assert!(domain.holds(&domain.g), "{curve:?}");
            assert_eq!(domain.multiply(&domain.n, &domain.g), None, "{curve:?}");
            let last = &domain.n - 1u32;
            assert_eq!(domain.multiply(&last, &domain.g).unwrap().x, domain.g.x);
        }
    }

    #[test]
    fn both_sides_agree_on_the_same_secret() {
        for curve in ALL {
            let (mine, yours) = (vec![7; curve.length()], vec![9; curve.length()]);
            // P-521's numbers begin with a byte of one bit.
            let fit = |mut secret: Vec<u8>| {
                secret[0] = 0;
                secret
            };
            let (mine, yours) = (fit(mine), fit(yours));
            assert_eq!(
                curve.agree(&mine, &curve.public(&yours).unwrap()),
                curve.agree(&yours, &curve.public(&mine).unwrap())
            );
        }
    }

    #[test]
    fn a_public_key_on_p256_is_the_one_another_implementation_computes() {
        let secret = [0x42; 32];
        let other = p256::ecdsa::SigningKey::from_slice(&secret).unwrap();
        let point = other.verifying_key().to_sec1_point(false);
        assert_eq!(
            Curve::P256.public(&secret).unwrap(),
            point.as_bytes()[1..].to_vec()
        );
    }
}
