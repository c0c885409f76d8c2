// Every bound of the configuration, and every default that is a number, with its unit in its name.
#pragma once

#include <cstddef>
#include <cstdint>

namespace deadletter::limits {

template <class T>
struct Range {
  T min;
  T max;
};

template <class T>
struct Limit {
  T initial;
  T min;
  T max;

  [[nodiscard]] constexpr Range<T> range() const { return {min, max}; }
};

inline constexpr std::int64_t kSecondMs = 1'000;
inline constexpr std::int64_t kMinuteMs = 60 * kSecondMs;
inline constexpr std::int64_t kHourMs = 60 * kMinuteMs;
inline constexpr std::int64_t kDayMs = 24 * kHourMs;
inline constexpr std::int64_t kKibBytes = 1'024;
inline constexpr std::int64_t kMibBytes = 1'024 * kKibBytes;
inline constexpr std::int64_t kGibBytes = 1'024 * kMibBytes;

// Below PostgreSQL's deadlock_timeout, so that it is us who give way and not the platform.
inline constexpr Limit<std::int64_t> kLockTimeoutMs{300, 1, kMinuteMs};
inline constexpr std::int64_t kServerDeadlockTimeoutMs = 1'000;

inline constexpr Limit<std::int64_t> kBatchLetters{1'000, 1, 10'000};
// While one batch commits, the next is being received.
inline constexpr std::int64_t kPrefetchBatches = 2;
inline constexpr Range<std::int64_t> kPrefetchLetters{1, 65'535};
inline constexpr Limit<std::int64_t> kBufferedBytes{64 * kMibBytes, kMibBytes, 512 * kMibBytes};
// One letter may become one statement, and PostgreSQL takes none of more than 1 GiB.
inline constexpr Limit<std::int64_t> kBodyBytes{16 * kMibBytes, kKibBytes, 512 * kMibBytes};

// RabbitMQ holds a TTL in 32 bits of milliseconds: 49 days.
inline constexpr Limit<std::int64_t> kWorkerTtlMs{5 * kMinuteMs, 1, 45 * kDayMs};
// A letter needs this long to come after its death; a sweeper that waits less races its own dead
// letter queue.
inline constexpr std::int64_t kSweeperMarginMs = kMinuteMs;
inline constexpr Range<std::int64_t> kOverdueAfterMs{kSecondMs, 365 * kDayMs};
inline constexpr Limit<std::int64_t> kRetentionClosedMs{30 * kDayMs, kHourMs, 3'650 * kDayMs};
inline constexpr Limit<std::int64_t> kRetentionOpenMs{365 * kDayMs, kHourMs, 3'650 * kDayMs};

inline constexpr Limit<std::int64_t> kHttpPort{8'025, 0, 65'535};
inline constexpr Limit<std::int64_t> kHttpRequestsPerSecond{200, 1, 100'000};

inline constexpr Range<std::int64_t> kRuleDeathsBelow{1, 1'000'000};
inline constexpr Range<std::int64_t> kRuleYoungerThanMs{1, 3'650 * kDayMs};
inline constexpr Range<std::int64_t> kRetryDelayMs{0, 7 * kDayMs};
inline constexpr Range<std::int64_t> kRetryMaxDelayMs{0, 30 * kDayMs};
inline constexpr Range<double> kRetryFactor{1.0, 100.0};
inline constexpr Range<double> kRetryJitter{0.0, 1.0};
inline constexpr Range<std::int64_t> kRetryAttempts{1, 1'000};

inline constexpr std::size_t kNameBytes = 255;       // an AMQP short string
inline constexpr std::size_t kIdentifierBytes = 63;  // a PostgreSQL name
inline constexpr std::size_t kPathBytes = 4'095;
inline constexpr std::size_t kUrlBytes = 8'192;
inline constexpr std::size_t kFieldPlaceBytes = 1'024;
inline constexpr std::size_t kWorkerIdBytes = 100;

inline constexpr std::size_t kBrokerUrls = 16;
inline constexpr std::size_t kQueues = 64;
inline constexpr std::size_t kPolicies = 256;
inline constexpr std::size_t kWorkerIds = 10'000;
inline constexpr std::size_t kStatuses = 64;
inline constexpr std::size_t kMessageTypes = 64;
inline constexpr std::size_t kRedactions = 256;

inline constexpr std::size_t kConfigFileBytes = 1'048'576;
inline constexpr std::size_t kSecretFileBytes = 65'536;
inline constexpr std::size_t kShownValueBytes = 80;  // of a wrong value, in a message

}  // namespace deadletter::limits
