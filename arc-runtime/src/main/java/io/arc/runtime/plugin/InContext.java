package io.arc.runtime.plugin;

import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.Compressor.BlockCompressor;
import io.arc.api.spi.Compressor.BlockDecompressor;
import io.arc.api.spi.Compressor.Compression;
import io.arc.api.spi.Health;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Ingest;
import io.arc.api.spi.IngestProtocol.Parameters;
import io.arc.api.spi.IngestProtocol.Sink;
import io.arc.api.spi.PluginInstance;
import io.arc.api.spi.QueryRewriter.ParsedQuery;
import io.arc.api.spi.QueryRewriter.Rewrite;
import io.arc.api.spi.QueryRewriter.Stage;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.api.spi.StorageBackend.ScanTarget;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Plugin instances whose calls run with the plugin's class loader as context class loader. A call costs two field writes
/// more; calls that are made for each block or batch go straight to the plugin.
sealed interface InContext extends PluginInstance {
    PluginInstance instance();

    PluginThreadContext context();

    /// A plugin that breaks the rule and throws is down, not a crash of whoever asked.
    @Override
    default Health health() {
        try {
            return Objects.requireNonNull(context().call(instance()::health), "health() returned null");
        } catch (RuntimeException broken) {
            return new Health(Health.Status.DOWN, "asking for its health failed: " + BrokenPluginException.text(broken));
        }
    }

    @Override
    default void close() {
        context().run(instance()::close);
    }

    record IngestInContext(Ingest instance, PluginThreadContext context) implements InContext, Ingest {
        @Override
        public Health health() {
            return InContext.super.health();
        }

        @Override
        public void close() {
            InContext.super.close();
        }

        @Override
        public Decoder newDecoder() {
            return new DecoderInContext(context.call(instance::newDecoder), context.loader());
        }
    }

    record DecoderInContext(Decoder decoder, ClassLoader loader) implements Decoder {
        @Override
        public void decode(ByteSlice body, Parameters parameters, Sink sink) {
            // Written out, because a request should not cost a lambda.
            Thread thread = Thread.currentThread();
            ClassLoader before = thread.getContextClassLoader();
            thread.setContextClassLoader(loader);
            try {
                decoder.decode(body, parameters, sink);
            } finally {
                thread.setContextClassLoader(before);
            }
        }
    }

    record CompressionInContext(Compression instance, PluginThreadContext context) implements InContext, Compression {
        @Override
        public Health health() {
            return InContext.super.health();
        }

        @Override
        public void close() {
            InContext.super.close();
        }

        @Override
        public BlockCompressor newCompressor(int level) {
            return context.call(() -> instance.newCompressor(level));
        }

        @Override
        public BlockDecompressor newDecompressor() {
            return context.call(instance::newDecompressor);
        }
    }

    record StageInContext(Stage instance, PluginThreadContext context) implements InContext, Stage {
        @Override
        public Health health() {
            return InContext.super.health();
        }

        @Override
        public void close() {
            InContext.super.close();
        }

        @Override
        public Rewrite rewrite(ParsedQuery query) {
            return context.call(() -> instance.rewrite(query));
        }
    }

    record StoreInContext(ObjectStore instance, PluginThreadContext context) implements InContext, ObjectStore {
        @Override
        public Health health() {
            return InContext.super.health();
        }

        @Override
        public void close() {
            InContext.super.close();
        }

        @Override
        public Set<Capability> capabilities() {
            return context.call(instance::capabilities);
        }

        @Override
        public boolean put(String key, Body body, PutMode mode) {
            return context.call(() -> instance.put(key, body, mode));
        }

        @Override
        public long read(String key, long position, MemorySegment target) {
            return context.call(() -> instance.read(key, position, target));
        }

        @Override
        public Optional<ObjectInfo> find(String key) {
            return context.call(() -> instance.find(key));
        }

        @Override
        public void list(String prefix, String startAfter, Consumer<ObjectInfo> each) {
            context.run(() -> instance.list(prefix, startAfter, each));
        }

        @Override
        public void delete(Collection<String> keys) {
            context.run(() -> instance.delete(keys));
        }

        @Override
        public ScanTarget scanTarget(String key) {
            return context.call(() -> instance.scanTarget(key));
        }

        @Override
        public List<Path> localDirectories() {
            return context.call(instance::localDirectories);
        }
    }
}
