# frozen_string_literal: true

class RateLimiter
  class LimitExceeded < StandardError
    attr_reader :available_in, :type

    def initialize(available_in, type = nil, *)
      @available_in = available_in
      @type = type
      super("You've performed this action too many times, please try again later.")
    end
  end

  class << self
    def enable = @disabled = false
    def disable = @disabled = true
    def disabled? = @disabled
    def store = (@store ||= {})
    def clear_all! = store.clear
  end
  LOCK = Mutex.new

  def initialize(user, type, max, secs, global: false, aggressive: false, error_code: nil,
                 apply_limit_to_staff: false)
    raise ArgumentError, "max: #{max.inspect}" unless max.is_a?(Integer) && max.positive?
    @key = "#{user&.id}:#{type}"
    @type = type
    @max = max
    @secs = secs.to_i
    @exempt = user&.staff? && !apply_limit_to_staff
  end

  def performed!(raise_error: true)
    return true if RateLimiter.disabled? || @exempt
    LOCK.synchronize do
      now = Time.now.to_i
      times = (RateLimiter.store[@key] ||= [])
      times.select! { |time| now - time < @secs }
      if times.size >= @max
        raise LimitExceeded.new(@secs - (now - times.first), @type) if raise_error
        next false
      end
      times << now
      true
    end
  end

  def can_perform?
    return true if RateLimiter.disabled? || @exempt
    now = Time.now.to_i
    (RateLimiter.store[@key] || []).count { |time| now - time < @secs } < @max
  end
end
RateLimiter.disable
