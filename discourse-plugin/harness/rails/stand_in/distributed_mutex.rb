# frozen_string_literal: true

# Discourse's waits for other processes too; here there is one.
class DistributedMutex
  LOCKS = Hash.new { |locks, key| locks[key] = Monitor.new }

  def self.synchronize(key, redis: nil, validity: 60, &block)
    raise ArgumentError, "validity" unless validity.positive? && redis.nil?
    LOCKS[key].synchronize(&block)
  end
end
