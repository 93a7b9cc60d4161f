# frozen_string_literal: true

# The stand-in as a forum that browsers can visit: see README.md for what it takes and answers.

ENV["RAILS_ENV"] = "production"

require_relative "discourse"
require_relative "web/seed"
require_relative "web/jobs_in_threads"
require_relative "web/forum_routes"
require_relative "web/static_files"

RateLimiter.enable unless ENV["STAND_IN_NO_RATE_LIMITS"]
StandIn::Seed.run
StandIn::JobsInThreads.start

use StandIn::StaticFiles, ENV["STAND_IN_FRONTEND"]
run Rails.application
