package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import java.time.Duration;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/// The write-ahead log: what it does, which files it has, what a start found in it.
///
/// Every route is served below `/api/wal` and below `/api/v1/wal`.
@Path("/api/wal")
@ApplicationScoped
@Produces("application/json")
@Tag(name = "Write-ahead log")
public class LogResource {
    private static final double MEBIBYTE = 1 << 20;
    private static final long MAX_HOURS = 876_000;

    private ServerState state;

    /// For the container's proxy.
    protected LogResource() {}

    @Inject
    public LogResource(ServerState state) {
        this.state = state;
    }

    @GET
    @Path("status")
    @Operation(summary = "Whether the log is on, how it syncs, and its counts")
    public String status() {
        LogFigures log = figures();
        Json json = new Json().object().name("enabled").value(log.enabled());
        if (!log.enabled()) {
            return json.name("message").value("the log is off (wal.enabled): a crash loses rows that are in no data file yet")
                    .endObject().toString();
        }
        json.name("writer_type").value("group commit").name("configuration").object().name("sync_mode").value(log.syncMode())
                .name("worker_id").value(log.writers().getFirst().id()).name("current_file")
                .value(log.writers().getFirst().file()).name("wal_directory").value(log.directory()).endObject().name("stats");
        return stats(json, log).endObject().toString();
    }

    @GET
    @Path("stats")
    @Operation(summary = "Counts of the log since the start, in sum and by writer")
    public String stats() {
        return stats(new Json(), required()).toString();
    }

    @GET
    @Path("files")
    @Operation(summary = "The log's files: open, waiting for a flush, recovered and kept, quarantined")
    public String files() {
        LogFigures log = required();
        Json json = new Json().object().name("active").array();
        long bytes = 0;
        for (LogFigures.Writer writer : log.writers()) {
            if (!writer.file().isEmpty()) {
                bytes += writer.fileBytes();
                file(json, log, writer.file(), writer.fileBytes()).name("writer").value(writer.id()).endObject();
            }
        }
        json.endArray().name("waiting").array();
        for (LogFigures.File file : log.waiting()) {
            bytes += file.bytes();
            file(json, log, file.name(), file.bytes()).endObject();
        }
        json.endArray().name("recovered").array();
        for (LogFigures.File file : log.recovered()) {
            bytes += file.bytes();
            file(json, log, file.name(), file.bytes());
            file.modified().ifPresent(at -> json.name("modified").value(at.toString()));
            json.endObject();
        }
        json.endArray().name("quarantined").array();
        log.quarantined().forEach(json::value);
        return json.endArray().name("total_size_mb").value(megabytes(bytes)).name("wal_directory").value(log.directory())
                .endObject().toString();
    }

    @POST
    @Path("cleanup")
    @Operation(summary = "Deletes recovered segments that are older than max_age_hours; nothing else, whatever its age")
    public String cleanUp(@QueryParam("max_age_hours") @DefaultValue("24") String hours) {
        required();
        long age;
        try {
            age = Long.parseLong(hours);
        } catch (NumberFormatException noNumber) {
            age = -1;
        }
        if (age < 0 || age > MAX_HOURS) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "max_age_hours is '" + hours + "', a whole number from 0 to "
                    + MAX_HOURS + " is wanted");
        }
        Services.Log.CleanUp done = state.services().log().cleanUp(Duration.ofHours(age));
        return new Json().object().name("deleted_count").value(done.files()).name("freed_mb").value(megabytes(done.bytes()))
                .name("max_age_hours").value(age).name("message").value(done.files() + " recovered segments deleted; segments"
                        + " with rows that are in no data file are never deleted").endObject().toString();
    }

    @GET
    @Path("health")
    @Operation(summary = "Whether the log works, and what to do when it does not")
    public String health() {
        LogFigures log = figures();
        Json json = new Json().object().name("healthy").value(log.enabled() && log.trouble().isEmpty()).name("wal_enabled")
                .value(log.enabled()).name("issues").array();
        log.trouble().ifPresent(json::value);
        if (!log.enabled()) {
            json.value("the log is off: a crash loses rows that are in no data file yet");
        }
        log.recovery().filter(found -> found.damaged() > 0).ifPresent(found -> json.value(found.damaged()
                + " damaged frames were passed over at the start"));
        json.endArray().name("recommendations").array();
        recommendations(log).forEach(json::value);
        json.endArray().name("stats_summary");
        return (log.enabled() ? stats(json, log) : json.object().endObject()).endObject().toString();
    }

    private static List<String> recommendations(LogFigures log) {
        if (!log.enabled()) {
            return List.of("set wal.enabled = true, or accept the loss");
        }
        return log.trouble().isPresent() ? List.of("look at the disk of " + log.directory()) : List.of();
    }

    @GET
    @Path("recovery/history")
    @Operation(summary = "What this start found in the log")
    public String recoveryHistory() {
        LogFigures log = figures();
        Json json = new Json().object().name("recoveries").array();
        log.recovery().ifPresent(found -> json.object().name("time").value(found.at().toString()).name("files")
                .value(found.files()).name("batches").value(found.frames()).name("entries").value(found.rows()).name("replayed")
                .value(found.replayed()).name("bytes").value(found.bytes()).name("damaged").value(found.damaged())
                .name("torn_tails").value(found.tornTails()).endObject());
        return json.endArray().name("count").value(log.recovery().isPresent() ? 1 : 0).endObject().toString();
    }

    private LogFigures figures() {
        return state.services().log().figures();
    }

    private LogFigures required() {
        LogFigures log = figures();
        if (!log.enabled()) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "the log is off; set wal.enabled = true (ARC_WAL_ENABLED)");
        }
        return log;
    }

    private static Json file(Json json, LogFigures log, String name, long bytes) {
        return json.object().name("name").value(name).name("size_mb").value(megabytes(bytes)).name("path")
                .value(log.directory() + "/" + name);
    }

    private static double megabytes(long bytes) {
        return Math.round(bytes / MEBIBYTE * 10_000) / 10_000.0;
    }

    private static Json stats(Json json, LogFigures log) {
        LogFigures.Writer first = log.writers().getFirst();
        json.object().name("worker_id").value(first.id()).name("current_file").value(first.file()).name("current_size_mb")
                .value(megabytes(first.fileBytes())).name("current_age_seconds").value(first.fileAgeSeconds()).name("sync_mode")
                .value(log.syncMode())
                .name("total_entries").value(log.writers().stream().mapToLong(LogFigures.Writer::frames).sum())
                .name("total_bytes").value(log.writers().stream().mapToLong(LogFigures.Writer::bytes).sum())
                .name("total_syncs").value(log.writers().stream().mapToLong(LogFigures.Writer::syncs).sum())
                .name("total_rotations").value(log.writers().stream().mapToLong(LogFigures.Writer::rotations).sum())
                .name("failed_writes").value(log.writers().stream().mapToLong(LogFigures.Writer::failedFrames).sum())
                .name("dropped_entries").value(0).name("refused_entries").value(log.refused())
                .name("buffer_size").value(log.maxBacklogBytes()).name("buffer_used").value(log.backlogBytes())
                .name("writers").array();
        for (LogFigures.Writer writer : log.writers()) {
            json.object().name("id").value(writer.id()).name("file").value(writer.file()).name("file_bytes")
                    .value(writer.fileBytes()).name("file_age_seconds").value(writer.fileAgeSeconds()).name("last_sequence")
                    .value(writer.lastSequence()).name("entries").value(writer.frames()).name("bytes").value(writer.bytes())
                    .name("syncs").value(writer.syncs()).name("rotations").value(writer.rotations()).name("failures")
                    .value(writer.failures()).name("failed_entries").value(writer.failedFrames()).name("last_sync_ms")
                    .value(writer.lastSyncMillis()).endObject();
        }
        return json.endArray().endObject();
    }
}
