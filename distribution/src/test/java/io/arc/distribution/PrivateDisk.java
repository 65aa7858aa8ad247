package io.arc.distribution;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// A small disk of its own: a tmpfs in a mount namespace that lives as long as this object, so that neither the machine sees it
/// nor a crashed test leaves it behind. Needs root.
final class PrivateDisk implements AutoCloseable {
    private static final int BLOCK_BYTES = 4096;

    private final Process holder;
    private final Path seenFromHere;

    private PrivateDisk(Process holder, Path seenFromHere) {
        this.holder = holder;
        this.seenFromHere = seenFromHere;
    }

    /// Empty where one may not mount.
    static Optional<PrivateDisk> mountedAt(Path folder, int megabytes) throws IOException {
        Files.createDirectories(folder);
        Process holder;
        try {
            holder = new ProcessBuilder("unshare", "--mount", "--propagation", "private", "sh", "-c",
                    "mount -t tmpfs -o size=" + megabytes + "m,mode=0755 arc-test \"$0\" && echo mounted && exec sleep 86400",
                    folder.toString()).redirectErrorStream(true).start();
        } catch (IOException absent) {
            return Optional.empty();
        }
        BufferedReader said = holder.inputReader(StandardCharsets.UTF_8);
        if (!"mounted".equals(said.readLine())) {
            holder.destroyForcibly();
            return Optional.empty();
        }
        return Optional.of(new PrivateDisk(holder, Path.of("/proc/" + holder.pid() + "/root" + folder.toAbsolutePath())));
    }

    /// What has to stand before a command for it to see the disk.
    String[] wrapper() {
        return new String[] {"nsenter", "--target", Long.toString(holder.pid()), "--mount", "--"};
    }

    /// The disk's files, for this process.
    Path files() {
        return seenFromHere;
    }

    /// Leaves so many bytes.
    void fillBut(long bytes) throws IOException {
        try (FileChannel ballast = FileChannel.open(seenFromHere.resolve("ballast"), StandardOpenOption.CREATE,
                StandardOpenOption.APPEND)) {
            ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
            while (Files.getFileStore(seenFromHere).getUsableSpace() > bytes) {
                block.clear();
                ballast.write(block);
            }
        } catch (IOException full) {
            if (Files.getFileStore(seenFromHere).getUsableSpace() > bytes + BLOCK_BYTES) {
                throw full;
            }
        }
    }

    void free() throws IOException {
        Files.deleteIfExists(seenFromHere.resolve("ballast"));
    }

    @Override
    public void close() {
        holder.destroyForcibly();
    }
}
