package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.compaction.Candidate;
import io.arc.runtime.compaction.CompactionService;
import io.arc.runtime.compaction.CompactionStatus;
import io.arc.runtime.compaction.CompactionStatus.Running;
import io.arc.runtime.compaction.CompactionStatus.TierFigures;
import io.arc.runtime.compaction.JobReport;
import io.arc.runtime.compaction.Scope;
import io.arc.runtime.compaction.Tier;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Response;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/// What compaction does, and doing it by hand.
@Path("/api/v1/compaction")
@ApplicationScoped
@Produces("application/json")
@Tag(name = "Compaction")
public class CompactionResource {
    private static final int RECENT_JOBS = 10;
    private static final double MEGABYTE = 1 << 20;

    private ServerState state;

    /// For the container's proxy.
    protected CompactionResource() {}

    @Inject
    public CompactionResource(ServerState state) {
        this.state = state;
    }

    private CompactionService compaction() {
        return state.services().compaction().orElseThrow(() -> new ArcException(ErrorCode.NOT_FOUND,
                "compaction is off; set compaction.enabled to true"));
    }

    @GET
    @Path("status")
    @Operation(summary = "Schedules, jobs under way, totals")
    public String status() {
        CompactionStatus status = compaction().status();
        Json json = new Json().object().name("manager").object().name("active_jobs").value(status.running().size())
                .name("total_completed").value(status.jobsCompleted()).name("total_failed").value(status.jobsFailed())
                .endObject();
        TierFigures hourly = status.tiers().get(Tier.HOURLY);
        if (hourly != null) {
            schedule(json.name("scheduler"), hourly);
        }
        json.name("schedulers").object();
        for (Tier tier : Tier.values()) {
            TierFigures figures = status.tiers().get(tier);
            if (figures != null) {
                schedule(json.name(tier.text()), figures);
            }
        }
        return json.endObject().endObject().toString();
    }

    private static void schedule(Json json, TierFigures figures) {
        json.object().name("enabled").value(figures.options().enabled()).name("running").value(figures.next().isPresent())
                .name("schedule").value(figures.options().schedule().toString()).name("next_run");
        if (figures.next().isPresent()) {
            json.value(figures.next().get().toString());
        } else {
            json.nullValue();
        }
        json.endObject();
    }

    @GET
    @Path("stats")
    @Operation(summary = "Totals, recent jobs, and what could not be merged")
    public String stats() {
        CompactionStatus status = compaction().status();
        Json json = new Json().object().name("total_jobs_completed").value(status.jobsCompleted())
                .name("total_jobs_failed").value(status.jobsFailed())
                .name("total_files_compacted").value(status.filesCompacted())
                .name("total_bytes_saved").value(status.bytesSaved())
                .name("total_bytes_saved_mb").value(megabytes(status.bytesSaved()))
                .name("total_manifests_recover").value(status.recoveredLeftOvers())
                .name("cycle_running").value(status.cycleRunning()).name("current_cycle_id").value(status.cycle());
        jobs(json.name("recent_jobs"), status.recent().stream().limit(RECENT_JOBS).toList());
        json.name("tiers").array();
        for (Tier tier : Tier.values()) {
            TierFigures figures = status.tiers().get(tier);
            if (figures != null) {
                json.object().name("tier").value(tier.text()).name("enabled").value(figures.options().enabled())
                        .name("min_age_hours").value(figures.options().minAge().toHours())
                        .name("min_files").value(figures.options().minFiles())
                        .name("total_compactions").value(figures.compactions())
                        .name("total_files_compacted").value(figures.filesCompacted())
                        .name("total_bytes_saved").value(figures.bytesSaved())
                        .name("total_bytes_saved_mb").value(megabytes(figures.bytesSaved())).endObject();
            }
        }
        json.endArray().name("quarantined").array();
        status.quarantined().forEach(held -> json.object().name("kind").value(held.isFile() ? "file" : "files")
                .name("name").value(held.name()).name("partition_path").value(held.partition())
                .name("reason").value(held.reason()).name("since").value(held.since().toString()).endObject());
        return json.endArray().endObject().toString();
    }

    private static double megabytes(long bytes) {
        return Math.round(bytes / MEGABYTE * 100) / 100.0;
    }

    private static void jobs(Json json, List<JobReport> reports) {
        json.array();
        for (JobReport report : reports) {
            json.object().name("database").value(report.table().database()).name("measurement").value(report.table().table())
                    .name("partition_path").value(report.partition()).name("tier").value(report.tier().text())
                    .name("files_compacted").value(report.files()).name("rows").value(report.rowsWritten())
                    .name("bytes_before").value(report.bytesBefore()).name("bytes_after").value(report.bytesAfter())
                    .name("success").value(report.success()).name("compression_ratio").value(report.success()
                            ? Math.round((1 - (double) report.bytesAfter() / report.bytesBefore()) * 1000) / 1000.0 : 0)
                    .name("started_at").value(report.started().toString())
                    .name("duration_ms").value(report.duration().toMillis());
            report.error().ifPresent(error -> json.name("error").value(error));
            json.endObject();
        }
        json.endArray();
    }

    @GET
    @Path("candidates")
    @Operation(summary = "What a run would begin with now")
    public String candidates() {
        List<Candidate> candidates = compaction().candidates();
        Json json = new Json().object().name("count").value(candidates.size()).name("candidates").array();
        candidates.forEach(candidate -> candidate(json, candidate).endObject());
        return json.endArray().endObject().toString();
    }

    private static Json candidate(Json json, Candidate candidate) {
        return json.object().name("database").value(candidate.table().database())
                .name("measurement").value(candidate.table().table()).name("partition_path").value(candidate.partition())
                .name("file_count").value(candidate.inputs().size()).name("tier").value(candidate.tier().text());
    }

    @GET
    @Path("jobs")
    @Operation(summary = "The jobs under way")
    public String running() {
        List<Running> jobs = compaction().status().running();
        Json json = new Json().object().name("active_jobs").value(jobs.size()).name("jobs").array();
        jobs.forEach(job -> candidate(json, job.candidate()).name("rows").value(job.candidate().rows())
                .name("rows_written").value(job.rowsWritten()).name("started_at").value(job.started().toString()).endObject());
        return json.endArray().endObject().toString();
    }

    @GET
    @Path("history")
    @Operation(summary = "The latest jobs, newest first", description = "At most 100 are kept.")
    public String history(@QueryParam("limit") @DefaultValue("10") String limit) {
        int most;
        try {
            most = Integer.parseInt(limit);
        } catch (NumberFormatException bad) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "limit is '" + limit + "', expected a whole number", bad);
        }
        if (most < 0) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "limit is " + limit + ", expected 0 or more");
        }
        List<JobReport> recent = compaction().status().recent();
        Json json = new Json().object().name("total_jobs").value(recent.size());
        jobs(json.name("recent_jobs"), recent.stream().limit(most).toList());
        return json.endObject().toString();
    }

    @POST
    @Path("trigger")
    @Operation(summary = "Runs a cycle now", description = "Without parameters: all tiers, everything. tier: hourly, daily or "
            + "both with a comma. database, measurement, partition (2026/01/31 or 2026/01/31/14) narrow it down.")
    public Response trigger(@QueryParam("tier") String tier, @QueryParam("database") String database,
            @QueryParam("measurement") String measurement, @QueryParam("partition") String partition) {
        Set<Tier> tiers = tiers(tier);
        Optional<String> wanted = given(database);
        Scope scope;
        try {
            scope = new Scope(wanted, given(measurement), given(partition));
        } catch (IllegalArgumentException incomplete) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, incomplete.getMessage(), incomplete);
        }
        CompactionService compaction = compaction();
        if (wanted.isPresent() && !state.services().tables().databases().contains(wanted.get())) {
            throw new ArcException(ErrorCode.UNKNOWN_TABLE, "database '" + wanted.get() + "' does not exist");
        }
        long cycle;
        try {
            cycle = compaction.trigger(tiers, scope);
        } catch (ArcException refused) {
            if (refused.code() != ErrorCode.CONFLICT) {
                throw refused;
            }
            return Response.status(Response.Status.CONFLICT).entity(new Json().object().name("error")
                    .value("Compaction cycle already running").name("message").value(refused.getMessage())
                    .name("cycle_id").value(compaction.status().cycle()).name("is_running").value(true).endObject().toString())
                    .build();
        }
        Json json = new Json().object().name("message").value("Compaction triggered").name("status").value("running")
                .name("tiers").array();
        tiers.forEach(each -> json.value(each.text()));
        json.endArray().name("cycle_id").value(cycle);
        wanted.ifPresent(name -> json.name("database").value(name));
        return Response.ok(json.endObject().toString()).build();
    }

    private static Set<Tier> tiers(String text) {
        if (text == null || text.isBlank()) {
            return EnumSet.allOf(Tier.class);
        }
        Set<Tier> tiers = EnumSet.noneOf(Tier.class);
        for (String word : text.split(",", -1)) {
            tiers.add(Tier.find(word).orElseThrow(() -> new ArcException(ErrorCode.INVALID_PARAMETER, "tier is '" + word
                    + "', expected hourly or daily")));
        }
        return tiers;
    }

    private static Optional<String> given(String text) {
        return text == null || text.isBlank() ? Optional.empty() : Optional.of(text);
    }
}
