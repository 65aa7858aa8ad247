package io.arc.runtime.recovery;

import io.arc.api.ArcException;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.CatalogSnapshot;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.TableEntry;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/// Deletes what a crash between a flush's puts and its commit has left in the store. Their rows are in the log and come into
/// files of other names, so the objects are of no use to anybody.
///
/// To be run before this server's first flush: every announced key is of an earlier run then.
public final class OrphanSweep {
    private static final Logger LOG = System.getLogger(OrphanSweep.class.getName());
    /// What object stores take in one request.
    private static final int DELETED_AT_ONCE = 1000;

    private final Catalog catalog;
    private final ObjectStore store;

    public OrphanSweep(Catalog catalog, ObjectStore store) {
        this.catalog = Objects.requireNonNull(catalog, "catalog");
        this.store = Objects.requireNonNull(store, "store");
    }

    /// A store that fails is no reason not to start: what is left over is tried again at the next one.
    ///
    /// @return how many keys were dealt with, of which some may never have been stored
    public int sweep() {
        List<String> announced = catalog.announced();
        if (announced.isEmpty()) {
            return 0;
        }
        List<String> orphans = List.copyOf(withoutFiles(announced));
        int swept = 0;
        try {
            while (swept < orphans.size()) {
                List<String> some = orphans.subList(swept, Math.min(orphans.size(), swept + DELETED_AT_ONCE));
                store.delete(some);
                catalog.withdraw(some);
                swept += some.size();
            }
            LOG.log(Level.INFO, "deleted what {0} unfinished files of an earlier run may have left in the store", swept);
        } catch (ArcException failed) {
            LOG.log(Level.WARNING, "up to " + (orphans.size() - swept) + " objects of an earlier run that no table has stay in the"
                    + " store until the next start: " + failed.getMessage());
        }
        return swept;
    }

    private Set<String> withoutFiles(List<String> announced) {
        Set<String> keys = new LinkedHashSet<>(announced);
        CatalogSnapshot files = catalog.snapshot();
        for (String database : files.databases()) {
            for (TableEntry table : files.tables(database)) {
                for (DataFile file : table.files()) {
                    keys.remove(file.key());
                }
            }
        }
        return keys;
    }
}
