# frozen_string_literal: true

class DiscourseEvent
  class << self
    def events = (@events ||= Hash.new { |events, name| events[name] = [] })
    def on(name, &block) = events[name] << block

    def trigger(name, *arguments, **keywords)
      tracked&.push({ event_name: name, params: arguments })
      events[name].each { |block| block.call(*arguments, **keywords) }
    end

    attr_accessor :tracked

    def track_events(name = nil)
      self.tracked = []
      yield
      tracked.select { |event| name.nil? || event[:event_name] == name }
    ensure
      self.tracked = nil
    end
  end
end
