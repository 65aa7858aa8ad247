package io.arc.demo;

import java.util.ArrayList;
import java.util.List;
import oshi.SystemInfo;
import oshi.hardware.CentralProcessor;
import oshi.hardware.GlobalMemory;
import oshi.hardware.HWDiskStore;
import oshi.hardware.HardwareAbstractionLayer;
import oshi.hardware.NetworkIF;

/// This machine's CPU, memory, disks and networks. One thread.
final class Sensors {
    private final HardwareAbstractionLayer hardware = new SystemInfo().getHardware();
    private final CentralProcessor processor = hardware.getProcessor();
    private long[][] ticks = processor.getProcessorCpuLoadTicks();

    /// @param core its number, from 0
    /// @param busyPercent of the time since the last sample
    record Core(int core, double busyPercent) {}

    record Memory(long totalBytes, long availableBytes, long swapUsedBytes) {}

    /// Counters since the machine's start.
    record Disk(String name, long readBytes, long writtenBytes, long queueLength) {}

    /// Counters since the machine's start.
    record Network(String name, long receivedBytes, long sentBytes) {}

    List<Core> cores() {
        double[] loads = processor.getProcessorCpuLoadBetweenTicks(ticks);
        ticks = processor.getProcessorCpuLoadTicks();
        List<Core> cores = new ArrayList<>();
        for (int core = 0; core < loads.length; core++) {
            cores.add(new Core(core, Math.round(loads[core] * 10_000) / 100.0));
        }
        return cores;
    }

    Memory memory() {
        GlobalMemory memory = hardware.getMemory();
        return new Memory(memory.getTotal(), memory.getAvailable(), memory.getVirtualMemory().getSwapUsed());
    }

    List<Disk> disks() {
        List<Disk> disks = new ArrayList<>();
        for (HWDiskStore disk : hardware.getDiskStores()) {
            String name = disk.getName().substring(disk.getName().lastIndexOf('/') + 1);
            disks.add(new Disk(name, disk.getReadBytes(), disk.getWriteBytes(), disk.getCurrentQueueLength()));
        }
        return disks;
    }

    List<Network> networks() {
        List<Network> networks = new ArrayList<>();
        for (NetworkIF network : hardware.getNetworkIFs(true)) {
            networks.add(new Network(network.getName(), network.getBytesRecv(), network.getBytesSent()));
        }
        return networks;
    }

    String processorName() {
        return processor.getProcessorIdentifier().getName().strip();
    }
}
