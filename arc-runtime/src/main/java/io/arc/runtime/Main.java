package io.arc.runtime;

import io.arc.api.ArcException;
import io.arc.runtime.config.ConfigurationInputs;
import io.arc.runtime.config.LogConfig;
import io.arc.runtime.config.Machine;
import io.arc.runtime.http.HttpServer;
import io.arc.runtime.logging.ConsoleFormatter;
import io.arc.runtime.logging.JsonFormatter;
import io.arc.runtime.logging.LogSetup;
import io.arc.runtime.plugin.Installation;
import io.arc.runtime.plugin.PluginInfo;
import io.arc.runtime.plugin.PluginVerification;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;

/// The command line behind `bin/arc`. A mistake of the operator ends with a sentence on the standard error and a status that is
/// not zero, never with a stack trace.
public final class Main {
    private static final int USAGE = 64;
    private static final int FAILED = 1;

    private Main() {}

    public static void main(String[] args) {
        int status = run(List.of(args), System.out, System.err);
        if (status != 0) {
            System.exit(status);
        }
    }

    static int run(List<String> args, PrintStream out, PrintStream err) {
        String command = args.isEmpty() ? "help" : args.getFirst();
        List<String> rest = args.isEmpty() ? List.of() : args.subList(1, args.size());
        try {
            return switch (command) {
                case "server" -> rest.isEmpty() ? server(err) : tooMany(command, rest, err);
                case StartCache.TRAIN -> rest.size() == 1 ? train(Path.of(rest.getFirst()), err) : usage(err);
                case "config" -> rest.isEmpty() ? config(out, err) : tooMany(command, rest, err);
                case "plugins" -> plugins(rest, out, err);
                case "catalog" -> catalog(rest, out, err);
                case "version", "--version", "-v" -> {
                    out.println("arc " + Version.text());
                    yield 0;
                }
                case "help", "--help", "-h" -> {
                    out.println(help());
                    yield 0;
                }
                default -> {
                    err.println("arc: there is no command '" + command + "'");
                    yield usage(err);
                }
            };
        } catch (ArcException known) {
            err.println("arc: " + known.getMessage());
            return FAILED;
        }
    }

    private static String help() {
        return """
                arc %s, a time-series data warehouse

                  arc server               run the server in the foreground; SIGTERM or Ctrl-C stops it
                  arc demo                 write this machine's sensors to a running server and query them
                  arc config               print the effective settings and where each comes from
                  arc plugins              list the installed plugins
                  arc plugins verify DIR   check a plugin's directory as the server would
                  arc catalog rebuild      make the catalog anew from what is in storage; the server must not run
                  arc catalog adopt        take in Parquet files that other programs put into storage; likewise
                  arc version              print the version

                Settings are in conf/arc.toml, or in environment names such as ARC_SERVER_PORT; see docs/configuration.md."""
                .formatted(Version.text());
    }

    private static int tooMany(String command, List<String> arguments, PrintStream err) {
        err.println("arc: '" + command + "' takes no arguments, and '" + arguments.getFirst() + "' was given");
        return usage(err);
    }

    private static int usage(PrintStream err) {
        err.println(help());
        return USAGE;
    }

    private static LogSetup installLog(LogConfig log) {
        return LogSetup.install(level(log.level()), switch (log.format()) {
            case CONSOLE -> new ConsoleFormatter();
            case JSON -> new JsonFormatter();
        });
    }

    private static int train(Path data, PrintStream err) {
        Installation installation = Installation.read(StartCache.inputs(data), Machine.detect());
        LogSetup logging = installLog(installation.config().log());
        try (ArcServer server = new ArcServer(installation, InstantSource.system(), err)) {
            server.start();
            StartCache.exercise(server.port());
        } catch (IOException failed) {
            err.println("arc: the training run failed: " + failed.getMessage());
            return FAILED;
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return FAILED;
        }
        Reference.reachabilityFence(logging);
        return 0;
    }

    private static int server(PrintStream err) {
        Installation installation = Installation.read(ConfigurationInputs.ofProcess(), Machine.detect());
        LogSetup logging = installLog(installation.config().log());
        NativeLibraries.unpackApart();
        CountDownLatch stopped = new CountDownLatch(1);
        ArcServer server = new ArcServer(installation, InstantSource.system(), err,
                ProcessHandle.current().info().startInstant().orElseGet(Instant::now));
        server.start();
        StartCache.makeLater();
        HttpServer.atShutdown(() -> {
            server.close();
            stopped.countDown();
        });
        try {
            stopped.await();
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
        Reference.reachabilityFence(logging);
        return 0;
    }

    private static Level level(LogConfig.Level level) {
        return switch (level) {
            case TRACE -> Level.FINEST;
            case DEBUG -> Level.FINE;
            case INFO -> Level.INFO;
            case WARN -> Level.WARNING;
            case ERROR -> Level.SEVERE;
        };
    }

    private static int config(PrintStream out, PrintStream err) {
        try (Installation installation = Installation.read(ConfigurationInputs.ofProcess(), Machine.detect())) {
            installation.configuration().describe(installation.config().workedOut()).forEach(out::println);
            installation.configuration().notices().forEach(notice -> err.println("# " + notice));
            installation.problems().forEach(problem -> err.println("error: " + problem));
            return installation.problems().isEmpty() ? 0 : FAILED;
        }
    }

    private static void printPlugins(List<PluginInfo> plugins, PrintStream out) {
        int nameWidth = plugins.stream().mapToInt(each -> each.name().length()).max().orElse(0);
        int versionWidth = plugins.stream().mapToInt(each -> each.version().length()).max().orElse(0);
        int providesWidth = plugins.stream().mapToInt(each -> String.join(", ", each.provides()).length()).max().orElse(0);
        for (PluginInfo each : plugins) {
            String state = each.status().name().toLowerCase(Locale.ROOT) + (each.detail().isEmpty() ? "" : ": " + each.detail());
            out.println(pad(each.name(), nameWidth) + pad(each.version(), versionWidth)
                    + pad(String.join(", ", each.provides()), providesWidth) + state);
        }
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(width - text.length() + 2);
    }

    private static int plugins(List<String> args, PrintStream out, PrintStream err) {
        if (args.size() == 2 && args.getFirst().equals("verify")) {
            PluginVerification verification = PluginVerification.of(Path.of(args.get(1)));
            verification.lines().forEach(out::println);
            return verification.isSound() ? 0 : FAILED;
        }
        if (!args.isEmpty()) {
            return usage(err);
        }
        try (Installation installation = Installation.read(ConfigurationInputs.ofProcess(), Machine.detect())) {
            printPlugins(installation.infos(), out);
            installation.problems().forEach(problem -> err.println("error: " + problem));
            return installation.infos().stream().noneMatch(each -> each.status() == PluginInfo.Status.BROKEN) ? 0 : FAILED;
        }
    }

    private static int catalog(List<String> args, PrintStream out, PrintStream err) {
        if (!args.equals(List.of("rebuild")) && !args.equals(List.of("adopt"))) {
            return usage(err);
        }
        Installation installation = Installation.read(ConfigurationInputs.ofProcess(), Machine.detect());
        LogSetup logging = installLog(installation.config().log());
        CatalogCommand command = new CatalogCommand(installation, InstantSource.system(), out);
        if (args.getFirst().equals("rebuild")) {
            command.rebuild();
        } else {
            command.adopt();
        }
        Reference.reachabilityFence(logging);
        return 0;
    }
}
