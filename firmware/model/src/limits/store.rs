/// Records that may wait for the writer thread.
pub const WRITER_QUEUE: usize = 16_384;
/// Commands that may wait for the control thread.
pub const COMMAND_QUEUE: usize = 256;
/// Longest time between an event and its commit, in ms.
pub const COMMIT_MS_MAX: u64 = 100;
/// Longest time that the 200 to an INVITE waits for the commit of `CallStarted`, in ms.
pub const DURABLE_WAIT_MS_MAX: u64 = 50;
/// Bytes of the configuration text.
pub const CONFIG_TEXT_MAX: usize = 4 * 1024 * 1024;
