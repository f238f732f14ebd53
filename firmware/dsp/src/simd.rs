//! Loops on the widest vectors that the processor has.
//!
//! The one file of `dsp` with unsafe code, and all of that is here: the same loop is compiled
//! twice, once for any processor of its kind and once for those with AVX2, and chosen at run time.
//! There is no second writing of a kernel that could differ from the first; on other processors
//! (NEON is part of every 64-bit ARM) the one version is vectorised already.

/// Runs `kernel`, compiled for AVX2 where the processor has it. Write it as a closure around
/// `#[inline(always)]` functions: what is not inlined is compiled for any processor.
#[inline(always)]
pub(crate) fn vectorised<R>(kernel: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: `with_avx2` asks for nothing but a processor with AVX2, and this one has it.
        return unsafe { with_avx2(kernel) };
    }
    kernel()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(kernel: impl FnOnce() -> R) -> R {
    kernel()
}
