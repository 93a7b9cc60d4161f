# frozen_string_literal: true

# Messages are numbered for each channel and kept; pages poll for them through config.ru.
module MessageBus
  Message =
    Struct.new(
      :global_id, :message_id, :channel, :data, :user_ids, :group_ids, keyword_init: true
    )
  KEPT = 1000

  class << self
    def publish(channel, data, opts = {})
      unknown = opts.keys - %i[user_ids group_ids client_ids max_backlog_age max_backlog_size]
      raise "unknown options #{unknown}" if unknown.any?
      sent = data.is_a?(String) ? data : JSON.parse(data.to_json)
      @lock.synchronize do
        message =
          Message.new(
            global_id: @count += 1, message_id: @last_ids[channel] += 1, channel: channel,
            data: sent, user_ids: opts[:user_ids], group_ids: opts[:group_ids]
          )
        @messages << message
        @messages.shift if @messages.size > KEPT
        @tracking&.push(message.dup.tap { |tracked| tracked.data = data })
        @arrived.broadcast
        message.message_id
      end
    end

    def last_id(channel) = @lock.synchronize { @last_ids[channel] }

    def track_publish(channel = nil)
      @tracking = []
      yield
      @tracking.select { |message| channel.nil? || message.channel == channel }
    ensure
      @tracking = nil
    end

    # What came after these ids, {channel => id}, that a user may see; waits for it so long.
    def poll(positions, seconds:, &visible)
      deadline = now + seconds
      @lock.synchronize do
        loop do
          found =
            @messages.select do |message|
              message.message_id > positions.fetch(message.channel, Float::INFINITY)
            end
          found.select!(&visible)
          return found if found.any? || now >= deadline
          @arrived.wait([deadline - now, 1].min)
        end
      end
    end

    def reset!
      @lock ||= Monitor.new
      @arrived ||= @lock.new_cond
      @messages = []
      @last_ids = Hash.new(0)
      @count = 0
    end

    private

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
  reset!
end
