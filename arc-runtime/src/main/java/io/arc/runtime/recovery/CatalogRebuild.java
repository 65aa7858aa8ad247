package io.arc.runtime.recovery;

import io.arc.api.data.TableId;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.CatalogSnapshot;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.RebuiltCatalog;
import io.arc.runtime.catalog.SchemaRegistry;
import io.arc.runtime.catalog.TableEntry;
import io.arc.runtime.recovery.PassedOver.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/// Makes the catalog anew from what is in storage, or takes files in that other programs have put there. Reads names and footers
/// only, many at a time. Objects that cannot be used are passed over and reported; a store that fails ends it, and the catalog is
/// as before: it changes in one step at the end.
///
/// For a server that does not serve yet. One thread.
public final class CatalogRebuild {
    private final Catalog catalog;
    private final ObjectStore store;
    private final TimeProbe probe;
    private final int maxColumns;
    private final Consumer<String> progress;

    /// @param maxColumns a table may have besides `time`; files with more are passed over
    /// @param progress hears sentences, on several threads
    public CatalogRebuild(Catalog catalog, ObjectStore store, TimeProbe probe, int maxColumns, Consumer<String> progress) {
        this.catalog = Objects.requireNonNull(catalog, "catalog");
        this.store = Objects.requireNonNull(store, "store");
        this.probe = Objects.requireNonNull(probe, "probe");
        this.maxColumns = maxColumns;
        this.progress = Objects.requireNonNull(progress, "progress");
    }

    /// What came of it.
    ///
    /// @param tables that have taken files
    /// @param files taken
    /// @param passed what is in storage and in no table, by key
    public record Report(int tables, long files, long rows, List<PassedOver> passed) {
        public Report {
            passed = passed.stream().sorted(Comparator.comparing(PassedOver::key)).toList();
        }

        public long count(Kind kind) {
            return passed.stream().filter(object -> object.kind() == kind).count();
        }

        /// One sentence.
        public String summary() {
            StringBuilder text = new StringBuilder();
            text.append(tables).append(" tables, ").append(files).append(" files, ").append(rows).append(" rows");
            for (Kind kind : Kind.values()) {
                if (count(kind) > 0) {
                    text.append("; ").append(count(kind)).append(' ').append(switch (kind) {
                        case FOREIGN -> "objects are no data files";
                        case DAMAGED -> "files are damaged";
                        case REFUSED -> "files cannot be taken";
                        case SUPERSEDED -> "files are superseded";
                        case UNFINISHED -> "files are of unfinished flushes";
                        case LEFT -> "files have left their tables";
                    });
                }
            }
            return text.toString();
        }
    }

    /// Puts what storage says in the place of what the catalog says.
    ///
    /// @param logBegins for each writer whose frames the log still has, the first sequence of them
    /// @throws io.arc.api.ArcException when the store or the catalog's disk fails; nothing has changed then
    public Report rebuild(Map<String, Long> logBegins) {
        Set<String> left = catalog.notInTables();
        StorageListing listing = new StorageListing(store, new FileReading(store, probe, maxColumns), progress);
        listing.read(Set.of(), left);
        List<PassedOver> passed = new ArrayList<>(listing.passed());
        Map<TableId, List<FoundFile>> byTable = new TreeMap<>();
        for (FoundFile file : listing.files()) {
            byTable.computeIfAbsent(file.file().table(), absent -> new ArrayList<>()).add(file);
        }
        List<RebuiltCatalog.Table> tables = new ArrayList<>();
        byTable.forEach((table, files) -> {
            TableJudgement judgement = new TableJudgement(table, logBegins);
            RebuiltCatalog.Table judged = judgement.judge(files);
            passed.addAll(judgement.passed());
            if (!judged.files().isEmpty()) {
                tables.add(judged);
            }
        });
        RebuiltCatalog rebuilt = new RebuiltCatalog(tables, keys(passed, Kind.SUPERSEDED), keys(passed, Kind.UNFINISHED));
        catalog.rebuild(rebuilt);
        return new Report(tables.size(), rebuilt.fileCount(), rebuilt.rowCount(), passed);
    }

    private static List<String> keys(List<PassedOver> passed, Kind kind) {
        return passed.stream().filter(object -> object.kind() == kind).map(PassedOver::key).toList();
    }

    /// Takes in the files that the catalog does not have. Arc's own files whose log ranges the catalog covers have left their
    /// table, and stay out.
    public Report adopt() {
        CatalogSnapshot before = catalog.snapshot();
        Set<String> known = new HashSet<>();
        for (String database : before.databases()) {
            for (TableEntry table : before.tables(database)) {
                table.files().forEach(file -> known.add(file.key()));
            }
        }
        StorageListing listing = new StorageListing(store, new FileReading(store, probe, maxColumns), progress);
        listing.read(known, catalog.notInTables());
        List<PassedOver> passed = new ArrayList<>(listing.passed());
        List<DataFile> files = new ArrayList<>();
        listing.files().stream().sorted(Comparator.comparing(FoundFile::key)).forEach(found -> {
            DataFile file = found.file();
            boolean own = file.coverage().stream().anyMatch(range -> before.covers(file.table(), range.writer(), range.first()));
            if (own) {
                passed.add(new PassedOver(file.key(), Kind.LEFT, "it was part of its table and left it, or was never committed"));
            } else {
                files.add(file);
            }
        });
        SchemaRegistry schemas = new SchemaRegistry(before, maxColumns, name -> Optional.empty());
        List<Catalog.Refused> refused = catalog.adopt(files, schemas);
        Set<String> refusedKeys = new HashSet<>();
        for (Catalog.Refused each : refused) {
            refusedKeys.add(each.file().key());
            passed.add(new PassedOver(each.file().key(), Kind.REFUSED, each.reason()));
        }
        List<DataFile> taken = files.stream().filter(file -> !refusedKeys.contains(file.key())).toList();
        return new Report((int) taken.stream().map(DataFile::table).distinct().count(), taken.size(),
                taken.stream().mapToLong(DataFile::rowCount).sum(), passed);
    }
}
