"""dv-processing: AEDAT4 through MonoCameraRecording."""

from pathlib import Path

import dv_processing

from benchmarks.peers import output_path


def columns(events):
    return events["timestamp"], events["x"], events["y"], events["polarity"]


def _range(recording, start_us, stop_us):
    return recording.getEventsTimeRange(start_us, stop_us).numpy()


def load(path, sink):
    recording = dv_processing.io.MonoCameraRecording(path)
    start, last = recording.getTimeRange()
    sink(_range(recording, start, last + 1))


def first_slice(path, sink, starts_us, length_us):
    recording = dv_processing.io.MonoCameraRecording(path)
    sink(_range(recording, starts_us[0], starts_us[0] + length_us))


def prepare_slices(path, starts_us, length_us):
    recording = dv_processing.io.MonoCameraRecording(path)
    _range(recording, starts_us[0], starts_us[0] + length_us)
    return recording


def slices(recording, sink, starts_us, length_us):
    for start in starts_us:
        sink(_range(recording, start, start + length_us))


def prepare_write(path, format, shape):
    """Its store is filled by its own reader, from the file with the same events."""
    store = dv_processing.EventStore()
    recording = dv_processing.io.MonoCameraRecording(str(Path(path).with_name("aedat4_lz4.aedat4")))
    while recording.isRunning() and (batch := recording.getNextEventBatch()) is not None:
        store.add(batch)
    return store, output_path(path, "dv", format)


def write(state, sink, format, shape):
    store, out = state
    config = dv_processing.io.MonoCameraWriter.Config("camera")
    config.compression = dv_processing.CompressionType.LZ4
    config.addEventStream(tuple(shape))
    writer = dv_processing.io.MonoCameraWriter(out, config)
    writer.writeEvents(store)
    del writer  # completes the file
    sink(out)
