//! How the HTTP/2 library is set up on both ends: its guards against strangers are lifted, for both
//! ends are ours and authenticated; our own limits stand in their place.

use std::time::Duration;

use underpass_shared::protocol::limits::{
    CONNECTION_WINDOW, FRAME_MAX, HEADER_LIST_MAX, PENDING_RESETS_MAX, REQUEST_STREAMS_MAX,
    RESET_STREAMS_KEPT, SEND_BUFFER, STREAM_WINDOW_MIN, STREAM_WINDOW_START, STREAMS_MAX,
};

/// Late frames on a stream that we reset are accepted for this long.
const RESET_REMEMBERED: Duration = Duration::from_secs(30);

/// Received DATA is drained at once into our own buffers, so small frames cost the library nothing.
const DATA_FRAME_BUDGET: usize = 1 << 40;

pub(super) fn client() -> h2::client::Builder {
    let mut builder = h2::client::Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW_START)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME_MAX)
        .max_header_list_size(HEADER_LIST_MAX)
        .initial_max_send_streams(STREAMS_MAX as usize)
        .max_concurrent_streams(0)
        .enable_push(false)
        .max_send_buffer_size(SEND_BUFFER)
        .max_concurrent_reset_streams(RESET_STREAMS_KEPT)
        .reset_stream_duration(RESET_REMEMBERED)
        .max_local_error_reset_streams(None)
        .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
        .data_frame_budget(DATA_FRAME_BUDGET);
    builder
}

/// For callers that may have proved nothing yet: few streams, and the library's guards stay.
pub(super) fn server_for_requestss() -> h2::server::Builder {
    let mut builder = h2::server::Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW_MIN)
        .max_header_list_size(HEADER_LIST_MAX)
        .max_concurrent_streams(REQUEST_STREAMS_MAX);
    builder
}

pub(super) fn server() -> h2::server::Builder {
    let mut builder = h2::server::Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW_START)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME_MAX)
        .max_header_list_size(HEADER_LIST_MAX)
        .max_concurrent_streams(STREAMS_MAX)
        .max_send_buffer_size(SEND_BUFFER)
        .max_concurrent_reset_streams(RESET_STREAMS_KEPT)
        .reset_stream_duration(RESET_REMEMBERED)
        .max_local_error_reset_streams(None)
        .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
        .data_frame_budget(DATA_FRAME_BUDGET);
    builder
}
