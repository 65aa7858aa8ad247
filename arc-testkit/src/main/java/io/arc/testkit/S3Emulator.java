package io.arc.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/// An S3 server in this process: S3Proxy over a folder, in a class loader of its own, because its jar brings other versions of
/// libraries that a plugin under test uses. Buckets are folders. Checks signatures. Thread-safe.
public final class S3Emulator implements AutoCloseable {
    public static final String ACCESS_KEY = "local-identity";
    public static final String SECRET_KEY = "local-credential";

    private static final String PROVIDER = "filesystem-nio2";

    private final URLClassLoader classes;
    private final Object server;
    private final int port;
    private final Path folder;

    private S3Emulator(URLClassLoader classes, Object server, int port, Path folder) {
        this.classes = classes;
        this.server = server;
        this.port = port;
        this.folder = folder;
    }

    /// @param folder holds the buckets; made when it is missing
    /// @param jar S3Proxy with its dependencies; the build names it in the system property `arc.test.s3proxy`
    public static S3Emulator start(Path folder, Path jar) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try {
            Files.createDirectories(folder);
            URLClassLoader classes = new Classes(jar.toUri().toURL());
            thread.setContextClassLoader(classes);
            Properties properties = new Properties();
            properties.setProperty("s3proxy.endpoint", "http://127.0.0.1:0");
            properties.setProperty("s3proxy.authorization", "aws-v2-or-v4");
            properties.setProperty("s3proxy.identity", ACCESS_KEY);
            properties.setProperty("s3proxy.credential", SECRET_KEY);
            properties.setProperty("jclouds.provider", PROVIDER);
            properties.setProperty("jclouds.filesystem.basedir", folder.toString());
            Object store = classes.loadClass("org.gaul.s3proxy.BlobStores").getMethod("create", String.class, Properties.class)
                    .invoke(null, PROVIDER, properties);
            Class<?> builder = classes.loadClass("org.gaul.s3proxy.S3Proxy$Builder");
            Object building = builder.getMethod("fromProperties", Properties.class).invoke(null, properties);
            builder.getMethod("blobStore", classes.loadClass("org.gaul.s3proxy.blobstore.BlobStore")).invoke(building, store);
            Object server = builder.getMethod("build").invoke(building);
            server.getClass().getMethod("start").invoke(server);
            int port = (int) server.getClass().getMethod("getPort").invoke(server);
            return new S3Emulator(classes, server, port, folder);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InvocationTargetException failed) {
            throw new IllegalStateException("the S3 emulator does not start: " + failed.getCause(), failed.getCause());
        } catch (ReflectiveOperationException changed) {
            throw new IllegalStateException(jar + " is not the S3Proxy that this kit knows", changed);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /// From the jar that the build names in the system property `arc.test.s3proxy`.
    public static S3Emulator start(Path folder) {
        String jar = System.getProperty("arc.test.s3proxy");
        if (jar == null) {
            throw new IllegalStateException("the system property arc.test.s3proxy has to name S3Proxy's jar with dependencies");
        }
        return start(folder, Path.of(jar));
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /// `http://127.0.0.1:port`.
    public String endpoint() {
        return "http://127.0.0.1:" + port;
    }

    /// Makes an empty bucket.
    public void createBucket(String name) {
        try {
            Files.createDirectories(folder.resolve(name));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void close() {
        try {
            server.getClass().getMethod("stop").invoke(server);
            classes.close();
        } catch (Exception failed) {
            throw new IllegalStateException("the S3 emulator does not stop", failed);
        }
    }

    /// The emulator's own classes, with a configuration of its logging that says nothing.
    private static final class Classes extends URLClassLoader {
        Classes(URL jar) {
            super("s3-emulator", new URL[] {jar}, ClassLoader.getPlatformClassLoader());
        }

        @Override
        public URL getResource(String name) {
            return name.equals("logback-test.xml") ? S3Emulator.class.getResource("s3-emulator-logback.xml")
                    : super.getResource(name);
        }
    }
}
