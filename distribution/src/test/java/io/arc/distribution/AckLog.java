package io.arc.distribution;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;

/// What writers have sent and what they were answered, in a file that the server knows nothing of. Thread-safe. A line is
/// written before a batch is sent and another when the answer is there; a batch without an answer of 204 may or may not be
/// in the tables, wholly.
final class AckLog implements AutoCloseable {
    /// By writer the numbers of its batches.
    record Contents(TreeMap<Integer, BitSet> attempted, TreeMap<Integer, BitSet> acknowledged, List<String> refused) {
        long attempts() {
            return attempted.values().stream().mapToLong(BitSet::cardinality).sum();
        }

        long acknowledgements() {
            return acknowledged.values().stream().mapToLong(BitSet::cardinality).sum();
        }
    }

    private final Path file;
    private final FileChannel channel;

    AckLog(Path file) throws IOException {
        this.file = file;
        this.channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    void attempt(Batch batch) {
        line("try", batch, "");
    }

    void acknowledged(Batch batch) {
        line("ack", batch, "");
    }

    /// The server's own fault or nobody's: the outcome is open.
    void unknown(Batch batch, String why) {
        line("unknown", batch, why);
    }

    /// A status below 500 that is not a success, which no batch deserves.
    void refused(Batch batch, String why) {
        line("refused", batch, why);
    }

    private synchronized void line(String what, Batch batch, String why) {
        String text = what + " " + batch.writer() + " " + batch.number() + " " + why.replace('\n', ' ') + "\n";
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /// Syncs the file and reads it back.
    Contents read() throws IOException {
        channel.force(false);
        Contents contents = new Contents(new TreeMap<>(), new TreeMap<>(), new java.util.ArrayList<>());
        for (String line : Files.readAllLines(file)) {
            String[] words = line.split(" ", 4);
            int writer = Integer.parseInt(words[1]);
            int number = Integer.parseInt(words[2]);
            switch (words[0]) {
                case "try" -> contents.attempted.computeIfAbsent(writer, absent -> new BitSet()).set(number);
                case "ack" -> contents.acknowledged.computeIfAbsent(writer, absent -> new BitSet()).set(number);
                case "refused" -> contents.refused.add(line);
                default -> { }
            }
        }
        return contents;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
