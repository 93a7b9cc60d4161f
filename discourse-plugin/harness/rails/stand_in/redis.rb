# frozen_string_literal: true

# The few commands of Discourse.redis that are used, in memory. Time is Time.now, which specs move.
class StandInRedis
  def initialize
    @values = {}
    @lock = Monitor.new
  end

  def get(key) = @lock.synchronize { live(key)&.first }

  def set(key, value, ex: nil, nx: false)
    @lock.synchronize do
      next false if nx && live(key)
      @values[key] = [value.to_s, ex && (Time.now.to_f + ex)]
      nx ? true : "OK"
    end
  end

  def setex(key, seconds, value) = set(key, value, ex: seconds)
  def del(*keys) = @lock.synchronize { keys.count { |key| @values.delete(key) } }
  def exists?(key) = @lock.synchronize { !live(key).nil? }

  def expire(key, seconds)
    @lock.synchronize do
      entry = live(key)
      entry ? (entry[1] = Time.now.to_f + seconds) && true : false
    end
  end

  def ttl(key)
    @lock.synchronize do
      entry = live(key)
      next -2 if entry.nil?
      entry[1] ? (entry[1] - Time.now.to_f).ceil : -1
    end
  end

  def incr(key)
    @lock.synchronize do
      entry = live(key) || (@values[key] = ["0", nil])
      (entry[0] = (entry[0].to_i + 1).to_s).to_i
    end
  end

  def flushdb = @lock.synchronize { @values.clear }

  private

  def live(key)
    entry = @values[key]
    return entry if entry.nil? || entry[1].nil? || entry[1] > Time.now.to_f
    @values.delete(key)
    nil
  end
end

module Discourse
  def self.redis = (@redis ||= StandInRedis.new)
end
